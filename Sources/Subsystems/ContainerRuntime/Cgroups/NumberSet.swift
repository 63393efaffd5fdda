/// A set of processors or memory nodes in the kernel's form: `0-3,8`. Source: cpuset(7), List format.
package struct NumberSet: Sendable, Equatable {
    /// Ascending.
    package let numbers: [Int]

    /// nil for anything but numbers below 8192 and ascending ranges of them; `0-6:2` with strides is not taken.
    package init?(_ text: String) {
        var found: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) where !part.allSatisfy(\.isWhitespace) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { end in
                end.utf8.allSatisfy { (48...57).contains($0) } ? Int(end) : nil
            }
            guard (1...2).contains(ends.count), let low = ends[0], let high = ends[ends.count - 1], low <= high, high < 8192 else {
                return nil
            }
            found.formUnion(low...high)
        }
        numbers = found.sorted()
    }

    package func isSubset(of other: NumberSet) -> Bool { Set(numbers).isSubset(of: other.numbers) }

    /// Bit n of the mask is number n; the lowest byte first.
    package var mask: [UInt8] {
        var result = [UInt8](repeating: 0, count: (numbers.last ?? -1) / 8 + (numbers.isEmpty ? 0 : 1))
        for number in numbers { result[number / 8] |= 1 << UInt8(number % 8) }
        return result
    }
}

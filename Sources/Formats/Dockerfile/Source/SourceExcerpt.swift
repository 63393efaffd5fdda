/// The lines around a mistake as BuildKit prints them: numbers, up to four neighbours and `>>>` at the lines concerned.
package enum SourceExcerpt {
    /// Text of several lines ending in the closing rule, without a final newline:
    ///
    ///     Dockerfile:2
    ///     --------------------
    ///        1 |     FROM busybox
    ///        2 | >>> COPY nosuch /x
    ///     --------------------
    ///
    /// - Returns: an empty string when `range` lies outside of `text`.
    package static func render(_ text: String, name: String, range: SourceRange) -> String {
        let lines = self.lines(of: text)
        guard range.first >= 1, range.first <= lines.count else { return "" }
        let last = min(max(range.last, range.first), lines.count)
        let shown = neighbourhood(first: range.first, last: last, count: lines.count)
        let rule = String(repeating: "-", count: 20)
        var result = ["\(name):\(range.first)", rule]
        for number in shown.first...shown.last {
            let digits = String(number)
            let padded = String(repeating: " ", count: max(0, 4 - digits.utf8.count)) + digits
            let mark = number >= range.first && number <= last ? ">>>" : "   "
            result.append("\(padded) | \(mark) \(lines[number - 1])")
        }
        result.append(rule)
        return result.joined(separator: "\n")
    }

    /// Grows the range on both sides until four lines of space are used up, one of them per round for the gap itself.
    private static func neighbourhood(first: Int, last: Int, count: Int) -> SourceRange {
        var range = SourceRange(first, last)
        var used = 0
        while used < 4 {
            if range.first > 1 {
                range.first -= 1
                used += 1
            }
            if range.last < count {
                range.last += 1
                used += 1
            }
            used += 1
        }
        return range
    }

    /// Lines without their ends; text that ends in a newline has an empty last line.
    static func lines(of text: String) -> [String] {
        Array(text.utf8).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self)
        }
    }
}

/// A pattern with `*`, `?` and `\c` over a variable's value; `*` matches anything, slashes too.
struct ShellPattern {
    private enum Part: Equatable { case any, one, literal(Character) }

    private var parts: [Part] = []

    init(_ text: String) {
        var escaped = false
        for character in text {
            if escaped {
                parts.append(.literal(character))
                escaped = false
            } else if character == "\\" {
                escaped = true
            } else if character == "*" {
                if parts.last != .any { parts.append(.any) }
            } else {
                parts.append(character == "?" ? .one : .literal(character))
            }
        }
        if escaped { parts.append(.literal("\\")) }
    }

    /// True when the whole of `text` matches.
    func matches(_ text: ArraySlice<Character>) -> Bool { ends(in: text).last == text.count }

    /// The length of the longest beginning of `text` that matches.
    func longestMatch(in text: ArraySlice<Character>) -> Int? { ends(in: text).last }

    /// The lengths of the beginnings that match, rising: all states are kept at once, so there is nothing to backtrack.
    private func ends(in text: ArraySlice<Character>) -> [Int] {
        let characters = Array(text)
        var reached: [Int] = [0]
        for part in parts {
            switch part {
            case .any: reached = reached.first.map { Array($0...characters.count) } ?? []
            case .one: reached = reached.filter { $0 < characters.count }.map { $0 + 1 }
            case .literal(let wanted): reached = reached.filter { $0 < characters.count && characters[$0] == wanted }.map { $0 + 1 }
            }
            if reached.isEmpty { return [] }
        }
        return reached
    }
}

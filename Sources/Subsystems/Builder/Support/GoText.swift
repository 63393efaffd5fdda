/// Values as Go prints them: Docker's histories are full of it.
enum GoText {
    /// `"a\"b"`: Go's `%q`.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars { result += escaped(scalar, quote: "\"") }
        return result + "\""
    }

    /// `'\x04'`: Go's `%q` of a number.
    static func quotedCharacter(_ number: Int) -> String {
        let scalar = UInt32(exactly: number).flatMap(Unicode.Scalar.init) ?? "\u{FFFD}"
        return "'" + escaped(scalar, quote: "'") + "'"
    }

    /// `["a" "b"]`: Go's `%q` of strings.
    static func quotedList(_ items: [String]) -> String { "[" + items.map(quoted).joined(separator: " ") + "]" }

    /// `[a b]`: Go's `%v` of strings.
    static func list(_ items: [String]) -> String { "[" + items.joined(separator: " ") + "]" }

    private static func escaped(_ scalar: Unicode.Scalar, quote: Unicode.Scalar) -> String {
        if scalar == quote || scalar == "\\" { return "\\\(scalar)" }
        let named: [Unicode.Scalar: String] = [
            "\u{7}": "\\a", "\u{8}": "\\b", "\u{C}": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u{B}": "\\v",
        ]
        if let name = named[scalar] { return name }
        guard scalar.value < 32 || scalar.value == 127 else { return String(scalar) }
        let digits = String(scalar.value, radix: 16)
        return "\\x" + (digits.count == 1 ? "0" : "") + digits
    }
}

/// The settings in the comments at the very top of a Dockerfile (`# escape=\``). Source: Dockerfile reference, parser directives.
package struct Directives: Sendable, Equatable {
    /// Escape and continuation character, a backslash or a backtick.
    package var escape: UInt8 = ASCII.backslash
    /// The front end asked for, as written.
    package var syntax: String?
    /// Settings of the checks, as written.
    package var check: String?

    package init() {}

    /// Reads the first lines up to the first that is no known directive.
    init(lines: [ArraySlice<UInt8>]) throws(DockerfileError) {
        for (index, line) in lines.enumerated() {
            if index == 0, line.starts(with: Array("#!".utf8)) { continue }
            guard let (name, value) = Self.parse(line) else { return }
            let range = SourceRange(index + 1, index + 1)
            switch name {
            case "escape":
                try Self.once(escapeSeen, name, SourceRange(max(1, escapeLine), max(1, escapeLine)))
                guard value == "\\" || value == "`" else {
                    throw DockerfileError("invalid escape token '\(value)' does not match ` or \\", range, showsLine: false)
                }
                escape = value == "`" ? ASCII.backtick : ASCII.backslash
                escapeSeen = true
                escapeLine = index + 1
            case "syntax":
                try Self.once(syntax != nil, name, range)
                syntax = value
            case "check":
                try Self.once(check != nil, name, range)
                check = value
            default: return
            }
        }
    }

    private var escapeSeen = false
    private var escapeLine = 0

    private static func once(_ seen: Bool, _ name: String, _ range: SourceRange) throws(DockerfileError) {
        if seen { throw DockerfileError("only one \(name) parser directive can be used", range, showsLine: false) }
    }

    /// `# name = value` with blanks wherever people put them.
    private static func parse(_ line: ArraySlice<UInt8>) -> (name: String, value: String)? {
        let trimmed = ASCII.trim(line)
        guard trimmed.first == ASCII.hash, let equals = trimmed.firstIndex(of: ASCII.equals) else { return nil }
        let name = ASCII.trim(trimmed[trimmed.index(after: trimmed.startIndex)..<equals])
        guard let first = name.first, ASCII.isLetter(first), name.allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) }) else {
            return nil
        }
        return (ASCII.string(name).lowercased(), ASCII.string(ASCII.trim(trimmed[trimmed.index(after: equals)...])))
    }
}

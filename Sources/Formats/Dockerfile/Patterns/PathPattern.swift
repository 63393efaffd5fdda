/// A pattern with `*`, `?`, `[a-z]`, `[^x]` and `\c`, none of which matches a slash. Source: Go, filepath.Match.
package struct PathPattern: Sendable, Hashable {
    /// The pattern is not well formed: an open bracket, an escape at the end, an empty class.
    package struct SyntaxError: Error, Sendable, Equatable {
        package var message: String { "syntax error in pattern" }
    }

    enum Part: Sendable, Hashable {
        case star
        /// `**`: any number of whole directories (ignore files and `--parents` only).
        case anyDirectories
        case anyCharacter
        case literal(Unicode.Scalar)
        case oneOf([ClosedRange<Unicode.Scalar>], negated: Bool)
    }

    package let text: String
    let parts: [Part]
    /// True when it holds no special character, so that it names exactly one path.
    package let isLiteral: Bool

    /// - Parameter doubleStar: also gives `**` its meaning.
    package init(_ text: String, doubleStar: Bool = false) throws(SyntaxError) {
        self.text = text
        parts = try Self.parse(Array(text.unicodeScalars), doubleStar: doubleStar)
        isLiteral = parts.allSatisfy { if case .literal = $0 { true } else { false } }
    }

    /// The path that a literal pattern stands for, escapes resolved.
    package var literalPath: String {
        var result = String.UnicodeScalarView()
        for part in parts { if case .literal(let scalar) = part { result.append(scalar) } }
        return String(result)
    }

    private static func parse(_ scalars: [Unicode.Scalar], doubleStar: Bool) throws(SyntaxError) -> [Part] {
        var parts: [Part] = []
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            index += 1
            switch scalar {
            case "*":
                var count = 1
                while index < scalars.count, scalars[index] == "*" {
                    count += 1
                    index += 1
                }
                guard doubleStar, count >= 2 else {
                    parts.append(.star)
                    continue
                }
                // `**/` may stand for nothing at all, so its slash belongs to it.
                if index < scalars.count, scalars[index] == "/" { index += 1 }
                parts.append(.anyDirectories)
            case "?": parts.append(.anyCharacter)
            case "[": parts.append(try bracket(scalars, &index))
            case "\\":
                guard index < scalars.count else { throw SyntaxError() }
                parts.append(.literal(scalars[index]))
                index += 1
            default: parts.append(.literal(scalar))
            }
        }
        return parts
    }

    private static func bracket(_ scalars: [Unicode.Scalar], _ index: inout Int) throws(SyntaxError) -> Part {
        var negated = false
        if index < scalars.count, scalars[index] == "^" {
            negated = true
            index += 1
        }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while true {
            guard index < scalars.count else { throw SyntaxError() }
            if scalars[index] == "]", !ranges.isEmpty {
                index += 1
                return .oneOf(ranges, negated: negated)
            }
            let low = try member(scalars, &index)
            var high = low
            if index < scalars.count, scalars[index] == "-" {
                index += 1
                high = try member(scalars, &index)
            }
            // A range that runs backwards is allowed and matches nothing: an impossible one stands for it.
            ranges.append(low <= high ? low...high : "\u{0}"..."\u{0}")
        }
    }

    private static func member(_ scalars: [Unicode.Scalar], _ index: inout Int) throws(SyntaxError) -> Unicode.Scalar {
        guard index < scalars.count, scalars[index] != "-", scalars[index] != "]" else { throw SyntaxError() }
        if scalars[index] == "\\" {
            index += 1
            guard index < scalars.count else { throw SyntaxError() }
        }
        defer { index += 1 }
        return scalars[index]
    }
}

/// One word inside `{{ }}`.
struct TemplateToken: Equatable {
    enum Kind: Equatable {
        case field(String)
        case variable(String)
        case identifier(String)
        case string(String)
        case number(String)
        case character(Int64)
        case dot, pipe, comma, open, close, declare, assign
        case space
    }

    var kind: Kind
    /// Byte offset in the template.
    var offset: Int
}

/// A piece of a template: text, or the words of an action.
enum TemplatePiece {
    case text(String)
    case action([TemplateToken], offset: Int)
}

/// Cuts a template into text and actions. Source: Go, text/template, "Text and spaces" and "Actions".
struct TemplateLexer {
    private let bytes: [UInt8]
    private var at = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    func line(_ offset: Int) -> Int { 1 + bytes[..<min(offset, bytes.count)].count { $0 == 10 } }

    func column(_ offset: Int) -> Int {
        let before = bytes[..<min(offset, bytes.count)]
        return offset - (before.lastIndex(of: 10).map { $0 + 1 } ?? 0)
    }

    var count: Int { bytes.count }

    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    private func starts(_ text: String, at offset: Int) -> Bool { bytes[offset...].starts(with: text.utf8) }

    mutating func pieces() throws(TemplateError) -> [TemplatePiece] {
        var pieces: [TemplatePiece] = []
        var trims = false
        while at < bytes.count {
            var end = at
            while end < bytes.count, !starts("{{", at: end) { end += 1 }
            var text = bytes[at..<end]
            if trims { text = text.drop(while: Self.isSpace) }
            if end < bytes.count, starts("{{-", at: end), end + 3 < bytes.count, Self.isSpace(bytes[end + 3]) {
                while let last = text.last, Self.isSpace(last) { text.removeLast() }
            }
            if !text.isEmpty { pieces.append(.text(String(decoding: text, as: UTF8.self))) }
            guard end < bytes.count else { break }
            at = end
            let (tokens, offset, trimsAfter) = try action()
            if let tokens { pieces.append(.action(tokens, offset: offset)) }
            trims = trimsAfter
        }
        return pieces
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 10 || byte == 13 }

    private mutating func action() throws(TemplateError) -> (tokens: [TemplateToken]?, offset: Int, trims: Bool) {
        let start = at
        at += 2
        if at + 1 < bytes.count, bytes[at] == UInt8(ascii: "-"), Self.isSpace(bytes[at + 1]) { at += 1 }
        if starts("/*", at: at) || (at < bytes.count && Self.isSpace(bytes[at]) && starts("/*", at: min(at + 1, bytes.count))) {
            return try comment(start)
        }
        var tokens: [TemplateToken] = []
        while true {
            guard at < bytes.count else { throw .parsing(line: line(start), "unclosed action") }
            if starts("}}", at: at) {
                at += 2
                return (tokens, start, false)
            }
            if Self.isSpace(bytes[at]) {
                let offset = at
                while at < bytes.count, Self.isSpace(bytes[at]) { at += 1 }
                if starts("-}}", at: min(at, bytes.count)) {
                    at += 3
                    return (tokens, start, true)
                }
                tokens.append(TemplateToken(kind: .space, offset: offset))
                continue
            }
            tokens.append(try token())
        }
    }

    private mutating func comment(_ start: Int) throws(TemplateError) -> (tokens: [TemplateToken]?, offset: Int, trims: Bool) {
        while at < bytes.count, !starts("*/", at: at) { at += 1 }
        guard at < bytes.count else { throw .parsing(line: line(start), "unclosed comment") }
        at += 2
        if starts("}}", at: at) {
            at += 2
            return (nil, start, false)
        }
        guard starts(" -}}", at: at) else { throw .parsing(line: line(start), "comment ends before closing delimiter") }
        at += 4
        return (nil, start, true)
    }

    private mutating func token() throws(TemplateError) -> TemplateToken {
        let offset = at
        let byte = bytes[at]
        func made(_ kind: TemplateToken.Kind) -> TemplateToken { TemplateToken(kind: kind, offset: offset) }
        switch byte {
        case UInt8(ascii: "|"): at += 1; return made(.pipe)
        case UInt8(ascii: ","): at += 1; return made(.comma)
        case UInt8(ascii: "("): at += 1; return made(.open)
        case UInt8(ascii: ")"): at += 1; return made(.close)
        case UInt8(ascii: "="): at += 1; return made(.assign)
        case UInt8(ascii: ":") where starts(":=", at: at): at += 2; return made(.declare)
        case UInt8(ascii: "\""): return made(.string(try quoted()))
        case UInt8(ascii: "`"): return made(.string(try raw()))
        case UInt8(ascii: "'"): return made(.character(try character()))
        case UInt8(ascii: "."):
            if at + 1 < bytes.count, Self.isWordStart(bytes[at + 1]) {
                at += 1
                return made(.field(word()))
            }
            if at + 1 < bytes.count, bytes[at + 1] >= 48, bytes[at + 1] <= 57 { return made(.number(number())) }
            at += 1
            return made(.dot)
        case UInt8(ascii: "$"):
            at += 1
            return made(.variable("$" + word()))
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"): return made(.number(number()))
        case _ where Self.isWordStart(byte): return made(.identifier(word()))
        default:
            let text = String(decoding: bytes[at...].prefix(1), as: UTF8.self)
            throw .parsing(line: line(at), "unexpected \"\(text)\" in operand")
        }
    }

    private static func isWordStart(_ byte: UInt8) -> Bool {
        byte == 95 || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte >= 128
    }

    private mutating func word() -> String {
        let start = at
        while at < bytes.count, Self.isWordStart(bytes[at]) || (bytes[at] >= 48 && bytes[at] <= 57) { at += 1 }
        return text(start..<at)
    }

    private mutating func number() -> String {
        let start = at
        at += 1
        while at < bytes.count, Self.isWordStart(bytes[at]) || (bytes[at] >= 48 && bytes[at] <= 57) || bytes[at] == 46 { at += 1 }
        return text(start..<at)
    }

    private mutating func raw() throws(TemplateError) -> String {
        let start = at + 1
        guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "`")) else {
            throw .parsing(line: line(at), "unterminated raw quoted string")
        }
        at = end + 1
        return text(start..<end)
    }

    private mutating func quoted() throws(TemplateError) -> String {
        let start = at
        at += 1
        var result: [UInt8] = []
        while at < bytes.count, bytes[at] != 10 {
            if bytes[at] == UInt8(ascii: "\"") {
                at += 1
                return String(decoding: result, as: UTF8.self)
            }
            result += try escaped()
        }
        throw .parsing(line: line(start), "unterminated quoted string")
    }

    private mutating func character() throws(TemplateError) -> Int64 {
        let start = at
        at += 1
        var result: [UInt8] = []
        while at < bytes.count, bytes[at] != UInt8(ascii: "'"), bytes[at] != 10 { result += try escaped() }
        guard at < bytes.count, bytes[at] == UInt8(ascii: "'"),
            let scalar = String(decoding: result, as: UTF8.self).unicodeScalars.first
        else { throw .parsing(line: line(start), "unterminated character constant") }
        at += 1
        return Int64(scalar.value)
    }

    /// One byte, or the bytes that an escape stands for.
    private mutating func escaped() throws(TemplateError) -> [UInt8] {
        let byte = bytes[at]
        at += 1
        guard byte == UInt8(ascii: "\\"), at < bytes.count else { return [byte] }
        let escape = bytes[at]
        at += 1
        switch escape {
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"): return [escape]
        case UInt8(ascii: "x"): return [UInt8(truncatingIfNeeded: try hexadecimal(2))]
        case UInt8(ascii: "u"): return Array(String(Character(Unicode.Scalar(try hexadecimal(4)) ?? "\u{FFFD}")).utf8)
        default: throw .parsing(line: line(at), "invalid syntax")
        }
    }

    private mutating func hexadecimal(_ count: Int) throws(TemplateError) -> UInt32 {
        guard at + count <= bytes.count, let value = UInt32(text(at..<at + count), radix: 16) else {
            throw .parsing(line: line(at), "invalid syntax")
        }
        at += count
        return value
    }
}

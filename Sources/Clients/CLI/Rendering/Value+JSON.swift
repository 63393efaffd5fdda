import Essentials

extension Value {
    /// Reads one JSON value. Source: RFC 8259.
    /// - Throws: ``GantryError`` of kind invalid.
    init(json bytes: [UInt8]) throws {
        var reader = JSONReader(bytes: bytes)
        self = try reader.document()
    }

    /// On one line, members in their order; rows sorted by name.
    var json: String {
        var text = ""
        write(into: &text, indent: nil, depth: 0)
        return text
    }

    /// One member per line, indented by four spaces, as `docker inspect` prints.
    var indentedJSON: String {
        var text = ""
        write(into: &text, indent: "    ", depth: 0)
        return text
    }

    private func write(into text: inout String, indent: String?, depth: Int) {
        switch self {
        case .missing, .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let number): text += number
        case .string(let string): Self.quote(string, into: &text)
        case .array(let values):
            Self.writeList("[", "]", values.count, into: &text, indent, depth) { index, text in
                values[index].write(into: &text, indent: indent, depth: depth + 1)
            }
        case .object(let members):
            Self.writeList("{", "}", members.keys.count, into: &text, indent, depth) { index, text in
                let key = members.keys[index]
                Self.quote(key, into: &text)
                text += indent == nil ? ":" : ": "
                (members[key] ?? .null).write(into: &text, indent: indent, depth: depth + 1)
            }
        case .record(let record):
            let members = Members(record.fields.sorted { $0.key < $1.key })
            Value.object(members).write(into: &text, indent: indent, depth: depth)
        }
    }

    private static func writeList(
        _ open: String, _ close: String, _ count: Int, into text: inout String, _ indent: String?, _ depth: Int,
        _ element: (Int, inout String) -> Void
    ) {
        text += open
        for index in 0..<count {
            if index > 0 { text += "," }
            if let indent { text += "\n" + String(repeating: indent, count: depth + 1) }
            element(index, &text)
        }
        if let indent, count > 0 { text += "\n" + String(repeating: indent, count: depth) }
        text += close
    }

    /// JSON text of a string; `<`, `>` and `&` stay as they are.
    static func quote(_ string: String, into text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{8}": text += "\\b"
            case "\u{C}": text += "\\f"
            case _ where scalar.value < 0x20 || scalar.value == 0x2028 || scalar.value == 0x2029:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

/// Reads JSON keeping the order of members and the digits of numbers.
private struct JSONReader {
    let bytes: [UInt8]
    var at = 0
    var depth = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func document() throws -> Value {
        let value = try value()
        skipSpace()
        guard at == bytes.count else { throw malformed() }
        return value
    }

    private func malformed() -> GantryError { .invalid("malformed JSON at byte \(at)") }

    private mutating func skipSpace() {
        while at < bytes.count, bytes[at] == 32 || bytes[at] == 10 || bytes[at] == 13 || bytes[at] == 9 { at += 1 }
    }

    private mutating func value() throws -> Value {
        skipSpace()
        guard at < bytes.count, depth < 512 else { throw malformed() }
        switch bytes[at] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ text: StaticString, _ value: Value) throws -> Value {
        let end = at + text.utf8CodeUnitCount
        guard end <= bytes.count,
            bytes[at..<end].elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        else { throw malformed() }
        at = end
        return value
    }

    private mutating func number() throws -> Value {
        let start = at
        while at < bytes.count, (bytes[at] >= 48 && bytes[at] <= 57) || "+-.eE".utf8.contains(bytes[at]) { at += 1 }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if let value = Int64(text) { return .integer(value) }
        guard !text.isEmpty, Double(text) != nil else { throw malformed() }
        return .number(text)
    }

    private mutating func array() throws -> Value {
        at += 1
        depth += 1
        defer { depth -= 1 }
        var values: [Value] = []
        skipSpace()
        if at < bytes.count, bytes[at] == UInt8(ascii: "]") {
            at += 1
            return .array([])
        }
        while true {
            values.append(try value())
            if try separator(UInt8(ascii: "]")) { return .array(values) }
        }
    }

    private mutating func object() throws -> Value {
        at += 1
        depth += 1
        defer { depth -= 1 }
        var members = Value.Members()
        skipSpace()
        if at < bytes.count, bytes[at] == UInt8(ascii: "}") {
            at += 1
            return .object(members)
        }
        while true {
            skipSpace()
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw malformed() }
            let key = try string()
            skipSpace()
            guard at < bytes.count, bytes[at] == UInt8(ascii: ":") else { throw malformed() }
            at += 1
            members[key] = try value()
            if try separator(UInt8(ascii: "}")) { return .object(members) }
        }
    }

    /// A comma (false) or the end of the list (true).
    private mutating func separator(_ end: UInt8) throws -> Bool {
        skipSpace()
        guard at < bytes.count, bytes[at] == end || bytes[at] == UInt8(ascii: ",") else { throw malformed() }
        defer { at += 1 }
        return bytes[at] == end
    }

    private mutating func string() throws -> String {
        at += 1
        var result: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            if byte == UInt8(ascii: "\"") { return String(decoding: result, as: UTF8.self) }
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            guard at < bytes.count else { throw malformed() }
            let escape = bytes[at]
            at += 1
            switch escape {
            case UInt8(ascii: "n"): result.append(10)
            case UInt8(ascii: "r"): result.append(13)
            case UInt8(ascii: "t"): result.append(9)
            case UInt8(ascii: "b"): result.append(8)
            case UInt8(ascii: "f"): result.append(12)
            case UInt8(ascii: "u"): result += String(Character(try unicode())).utf8
            default: result.append(escape)
            }
        }
        throw malformed()
    }

    private mutating func unicode() throws -> Unicode.Scalar {
        let first = try fourDigits()
        if (0xD800..<0xDC00).contains(first), at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
            bytes[at + 1] == UInt8(ascii: "u")
        {
            at += 2
            let second = try fourDigits()
            if (0xDC00..<0xE000).contains(second) {
                return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
            }
        }
        return Unicode.Scalar(first) ?? "\u{FFFD}"
    }

    private mutating func fourDigits() throws -> UInt32 {
        guard at + 4 <= bytes.count, let value = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
        else { throw malformed() }
        at += 4
        return value
    }
}

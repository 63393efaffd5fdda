/// A value on its way to JSON text. Objects keep the order in which their members came, as Go writes the fields of a struct.
final class JSONTree {
    enum Content {
        case null
        case bool(Bool)
        /// Digits, ready to print.
        case number(String)
        case string(String)
        case array([JSONTree])
        case object([(key: String, value: JSONTree)])
    }

    var content = Content.null
    /// Go sorts the keys of maps.
    var isMap = false

    init() {}
    init(_ text: String) { content = .string(text) }

    func member(_ key: String) -> JSONTree {
        let child = JSONTree()
        add(key, child)
        return child
    }

    /// Without an effect on anything but an object.
    func add(_ key: String, _ child: JSONTree) {
        guard case .object(var members) = content else { return }
        // Let go of the list, so that it is not copied.
        content = .null
        members.append((key, child))
        content = .object(members)
    }

    func element() -> JSONTree {
        let child = JSONTree()
        guard case .array(var elements) = content else { return child }
        content = .null
        elements.append(child)
        content = .array(elements)
        return child
    }

    func becomeObject() {
        if case .object = content { return }
        content = .object([])
    }

    func becomeArray() {
        if case .array = content { return }
        content = .array([])
    }

    // MARK: Text

    func write(to text: inout [UInt8]) {
        switch content {
        case .null: text += "null".utf8
        case .bool(let value): text += (value ? "true" : "false").utf8
        case .number(let digits): text += digits.utf8
        case .string(let value): Self.write(value, to: &text)
        case .array(let elements):
            text.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                element.write(to: &text)
            }
            text.append(UInt8(ascii: "]"))
        case .object(let members):
            text.append(UInt8(ascii: "{"))
            for (index, member) in (isMap ? members.sorted { $0.key < $1.key } : members).enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                Self.write(member.key, to: &text)
                text.append(UInt8(ascii: ":"))
                member.value.write(to: &text)
            }
            text.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ string: String, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""): text += #"\""#.utf8
            case UInt8(ascii: "\\"): text += #"\\"#.utf8
            case 10: text += #"\n"#.utf8
            case 13: text += #"\r"#.utf8
            case 9: text += #"\t"#.utf8
            case 0..<32:
                let digits = Array("0123456789abcdef".utf8)
                text += #"\u00"#.utf8
                text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }
}

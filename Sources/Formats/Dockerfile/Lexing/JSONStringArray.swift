/// Reads the JSON form of an instruction: an array of strings and nothing else. Source: RFC 8259.
enum JSONStringArray {
    /// The strings, or nil when `text` is not exactly such an array.
    static func parse(_ text: String) -> [String]? {
        var reader = Reader(bytes: Array(text.utf8))
        guard reader.take(UInt8(ascii: "[")) else { return nil }
        var result: [String] = []
        if reader.take(UInt8(ascii: "]")) { return reader.atEnd ? result : nil }
        repeat {
            guard let string = reader.string() else { return nil }
            result.append(string)
        } while reader.take(UInt8(ascii: ","))
        return reader.take(UInt8(ascii: "]")) && reader.atEnd ? result : nil
    }

    private struct Reader {
        let bytes: [UInt8]
        var index = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        private mutating func skipBlanks() {
            while index < bytes.count, ASCII.isBlank(bytes[index]) { index += 1 }
        }

        mutating func take(_ byte: UInt8) -> Bool {
            skipBlanks()
            guard index < bytes.count, bytes[index] == byte else { return false }
            index += 1
            return true
        }

        var atEnd: Bool { bytes[index...].allSatisfy(ASCII.isBlank) }

        mutating func string() -> String? {
            guard take(ASCII.quote) else { return nil }
            var result: [UInt8] = []
            while index < bytes.count {
                let byte = bytes[index]
                index += 1
                switch byte {
                case ASCII.quote: return ASCII.string(result)
                case 0..<32: return nil
                case ASCII.backslash:
                    guard let escaped = escape() else { return nil }
                    result.append(contentsOf: escaped)
                default: result.append(byte)
                }
            }
            return nil
        }

        private mutating func escape() -> [UInt8]? {
            guard index < bytes.count else { return nil }
            let byte = bytes[index]
            index += 1
            switch byte {
            case ASCII.quote, ASCII.backslash, ASCII.slash: return [byte]
            case UInt8(ascii: "b"): return [8]
            case UInt8(ascii: "f"): return [12]
            case UInt8(ascii: "n"): return [10]
            case UInt8(ascii: "r"): return [13]
            case UInt8(ascii: "t"): return [9]
            case UInt8(ascii: "u"): return unicode()
            default: return nil
            }
        }

        private mutating func unicode() -> [UInt8]? {
            guard var value = hexadecimal() else { return nil }
            if (0xD800..<0xDC00).contains(value), index + 1 < bytes.count, bytes[index] == ASCII.backslash,
                bytes[index + 1] == UInt8(ascii: "u")
            {
                let before = index
                index += 2
                if let low = hexadecimal(), (0xDC00..<0xE000).contains(low) {
                    value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
                } else {
                    index = before
                }
            }
            let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
            return Array(String(Character(scalar)).utf8)
        }

        private mutating func hexadecimal() -> UInt32? {
            guard index + 4 <= bytes.count, let value = UInt32(ASCII.string(bytes[index..<index + 4]), radix: 16) else {
                return nil
            }
            index += 4
            return value
        }
    }
}

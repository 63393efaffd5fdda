import Essentials

/// One line of a container's log with its newline as written.
struct LogEntry: Sendable {
    var kind: OutputKind
    var time: Timestamp
    var bytes: [UInt8]
    var attributes: [String: String]
}

/// A line of a `json-file` log: `{"log":"…\n","stream":"stdout","time":"2026-01-02T15:04:05.123Z"}`.
enum LogLine {
    /// - Returns: nil for a line that is not of this form, such as the torn last line after a power cut.
    static func parse(_ line: ArraySlice<UInt8>) -> LogEntry? {
        var scanner = Scanner(line)
        guard scanner.skip("{\"log\":"), let text = scanner.string() else { return nil }
        var kind = OutputKind.stdout
        var time = Timestamp(nanoseconds: 0)
        var attributes: [String: String] = [:]
        while scanner.skip(",") {
            guard let key = scanner.string(), scanner.skip(":") else { return nil }
            switch key {
            case Array("stream".utf8):
                guard let value = scanner.string() else { return nil }
                kind = value == Array("stderr".utf8) ? .stderr : .stdout
            case Array("time".utf8):
                guard let value = scanner.string(), let parsed = Timestamp(rfc3339: String(decoding: value, as: UTF8.self)) else {
                    return nil
                }
                time = parsed
            case Array("attrs".utf8):
                guard let parsed = scanner.object() else { return nil }
                attributes = parsed
            default: return nil
            }
        }
        guard scanner.skip("}") else { return nil }
        return LogEntry(kind: kind, time: time, bytes: text, attributes: attributes)
    }

    /// Reads a JSON object of texts; nil for anything else.
    static func attributes(_ bytes: ArraySlice<UInt8>) -> [String: String]? {
        var scanner = Scanner(bytes)
        return scanner.object()
    }

    /// Walks over the bytes of one line.
    private struct Scanner {
        private let bytes: ArraySlice<UInt8>
        private var at: Int

        init(_ bytes: ArraySlice<UInt8>) {
            self.bytes = bytes
            at = bytes.startIndex
        }

        mutating func skip(_ text: StaticString) -> Bool {
            let count = text.utf8CodeUnitCount
            guard bytes.endIndex - at >= count else { return false }
            for offset in 0..<count where bytes[at + offset] != text.utf8Start[offset] { return false }
            at += count
            return true
        }

        mutating func object() -> [String: String]? {
            guard skip("{") else { return nil }
            var result: [String: String] = [:]
            while !skip("}") {
                _ = skip(",")
                guard let key = string(), skip(":"), let value = string() else { return nil }
                result[String(decoding: key, as: UTF8.self)] = String(decoding: value, as: UTF8.self)
            }
            return result
        }

        /// A JSON string with its escapes resolved.
        mutating func string() -> [UInt8]? {
            guard skip("\"") else { return nil }
            var result: [UInt8] = []
            result.reserveCapacity(bytes.endIndex - at)
            while at < bytes.endIndex {
                var end = at
                while end < bytes.endIndex, bytes[end] != 34, bytes[end] != 92 { end += 1 }
                result.append(contentsOf: bytes[at..<end])
                at = end
                guard at < bytes.endIndex else { return nil }
                if bytes[at] == 34 {
                    at += 1
                    return result
                }
                guard escape(into: &result) else { return nil }
            }
            return nil
        }

        private mutating func escape(into result: inout [UInt8]) -> Bool {
            guard at + 1 < bytes.endIndex else { return false }
            let letter = bytes[at + 1]
            at += 2
            switch letter {
            case UInt8(ascii: "n"): result.append(10)
            case UInt8(ascii: "r"): result.append(13)
            case UInt8(ascii: "t"): result.append(9)
            case UInt8(ascii: "b"): result.append(8)
            case UInt8(ascii: "f"): result.append(12)
            case UInt8(ascii: "u"):
                guard let first = hexadecimal() else { return false }
                var scalar = first
                if (0xD800..<0xDC00).contains(first), skip("\\u"), let second = hexadecimal() {
                    scalar = 0x10000 + ((first - 0xD800) << 10) + (second &- 0xDC00)
                }
                result.append(contentsOf: String(Character(Unicode.Scalar(scalar) ?? "\u{FFFD}")).utf8)
            default: result.append(letter)
            }
            return true
        }

        private mutating func hexadecimal() -> UInt32? {
            guard at + 4 <= bytes.endIndex, let value = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
            else { return nil }
            at += 4
            return value
        }
    }
}

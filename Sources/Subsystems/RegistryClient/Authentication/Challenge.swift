/// One scheme of a `WWW-Authenticate` header with its parameters. Source: RFC 9110, section 11; distribution spec, token authentication.
struct Challenge: Sendable, Hashable {
    /// Lower case: `basic`, `bearer`.
    var scheme: String
    /// Names in lower case.
    var parameters: [String: String]

    /// Reads all challenges of the header's values; what cannot be read is left out.
    static func parse(_ values: [String]) -> [Challenge] {
        values.prefix(16).flatMap { value -> [Challenge] in
            var reader = Reader(bytes: Array(value.utf8.prefix(8192)))
            return reader.challenges()
        }
    }

    private struct Reader {
        let bytes: [UInt8]
        var at = 0

        mutating func challenges() -> [Challenge] {
            var found: [Challenge] = []
            while true {
                skip { $0 == 0x20 || $0 == 0x09 || $0 == 0x2C }
                let word = token()
                guard !word.isEmpty else { return found }
                skip { $0 == 0x20 || $0 == 0x09 }
                if at < bytes.count, bytes[at] == UInt8(ascii: "="), !found.isEmpty {
                    at += 1
                    found[found.count - 1].parameters[word.lowercased()] = value()
                } else {
                    found.append(Challenge(scheme: word.lowercased(), parameters: [:]))
                }
            }
        }

        private mutating func skip(_ matches: (UInt8) -> Bool) {
            while at < bytes.count, matches(bytes[at]) { at += 1 }
        }

        private mutating func token() -> String {
            let start = at
            skip { $0 > 0x20 && $0 < 0x7F && !"\"(),/:;<=>?@[\\]{}".utf8.contains($0) }
            return String(decoding: bytes[start..<at], as: UTF8.self)
        }

        private mutating func value() -> String {
            guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { return token() }
            at += 1
            var text: [UInt8] = []
            while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
                if bytes[at] == UInt8(ascii: "\\"), at + 1 < bytes.count { at += 1 }
                text.append(bytes[at])
                at += 1
            }
            // Past the closing quote, which may be missing.
            at = min(at + 1, bytes.count)
            return String(decoding: text, as: UTF8.self)
        }
    }
}

/// Where the first JSON value of a text ends: what a decoder does not tell, and clients are told of.
package enum JSONText {
    package enum Extent: Sendable, Hashable {
        case empty
        case truncated
        /// Number of bytes of the value, and whether more than white space follows.
        case value(end: Int, trailing: Bool)
    }

    package static func extent(_ bytes: [UInt8]) -> Extent {
        guard let start = bytes.firstIndex(where: { !isSpace($0) }) else { return .empty }
        guard let end = end(of: bytes, from: start) else { return .truncated }
        return .value(end: end, trailing: bytes[end...].contains { !isSpace($0) })
    }

    private static func end(of bytes: [UInt8], from start: Int) -> Int? {
        var depth = 0
        var inString = false
        var at = start
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            if inString {
                if byte == UInt8(ascii: "\\") { at += 1 }
                if byte == UInt8(ascii: "\"") { inString = false }
            } else {
                switch byte {
                case UInt8(ascii: "\""): inString = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
                default:
                    // A number or a word at the top goes on to a delimiter.
                    if depth == 0, at < bytes.count, !isSpace(bytes[at]), !isSpace(byte) { continue }
                }
            }
            if depth <= 0 && !inString { return min(at, bytes.count) }
        }
        return nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 10 || byte == 13 }
}

/// Takes what a client sends over a web socket apart. Source: RFC 6455, 5.
struct WebSocketDecoder {
    enum Event: Hashable, Sendable {
        /// A piece of a message; which pieces belong together does not matter to a stream.
        case data([UInt8])
        case ping([UInt8])
        case close
    }

    /// Not what a client may send.
    struct Malformed: Error, Hashable {}

    private var input: [UInt8] = []
    /// Of the frame that is being read: bytes that are missing, its mask, and how far that has been used.
    private var missing: UInt64 = 0
    private var mask: [UInt8] = []
    private var used = 0

    mutating func feed(_ bytes: [UInt8]) throws(Malformed) -> [Event] {
        input += bytes
        var events: [Event] = []
        var at = 0
        defer { input.removeFirst(at) }
        while at < input.count {
            if missing > 0 {
                let count = Int(min(missing, UInt64(input.count - at)))
                events.append(.data(unmasked(input[at..<at + count])))
                missing -= UInt64(count)
                at += count
                continue
            }
            guard let header = try header(at) else { break }
            if header.operation < 8 {
                (missing, mask, used) = (header.length, header.mask, 0)
                at += header.size
                continue
            }
            guard input.count - at >= header.size + Int(header.length) else { break }
            (mask, used) = (header.mask, 0)
            let start = at + header.size
            let payload = unmasked(input[start..<start + Int(header.length)])
            at = start + Int(header.length)
            switch header.operation {
            case 8: events.append(.close)
            case 9: events.append(.ping(payload))
            default: break
            }
        }
        return events
    }

    private struct Header {
        var operation: UInt8
        var length: UInt64
        var mask: [UInt8]
        var size: Int
    }

    /// nil: it is not all there yet.
    private func header(_ at: Int) throws(Malformed) -> Header? {
        guard input.count - at >= 2 else { return nil }
        let (first, second) = (input[at], input[at + 1])
        let operation = first & 15
        // No extension was agreed on, a client masks, and control frames are short and whole.
        guard first & 0x70 == 0, second & 0x80 != 0, [0, 1, 2, 8, 9, 10].contains(operation) else { throw Malformed() }
        let short = second & 0x7F
        guard operation < 8 || (short < 126 && first & 0x80 != 0) else { throw Malformed() }
        let extra = short == 126 ? 2 : short == 127 ? 8 : 0
        guard input.count - at >= 6 + extra else { return nil }
        let length = extra == 0 ? UInt64(short) : (0..<extra).reduce(UInt64(0)) { $0 << 8 | UInt64(input[at + 2 + $1]) }
        guard length >> 63 == 0 else { throw Malformed() }
        return Header(operation: operation, length: length, mask: Array(input[at + 2 + extra..<at + 6 + extra]), size: 6 + extra)
    }

    private mutating func unmasked(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        defer { used = (used + bytes.count) & 3 }
        return bytes.enumerated().map { $1 ^ mask[(used + $0) & 3] }
    }
}

/// What a server sends over a web socket: not masked.
enum WebSocketFrame {
    static func binary(_ payload: [UInt8]) -> [UInt8] { frame(2, payload) }
    static func pong(_ payload: [UInt8]) -> [UInt8] { frame(10, payload) }
    /// - Parameter status: 1000 for a normal end, 1002 after something that may not be sent.
    static func close(_ status: UInt16) -> [UInt8] { frame(8, [UInt8(status >> 8), UInt8(status & 255)]) }

    private static func frame(_ operation: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let count = payload.count
        let length: [UInt8]
        switch count {
        case ..<126: length = [UInt8(count)]
        case ..<65536: length = [126, UInt8(count >> 8), UInt8(count & 255)]
        default: length = [127] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
        }
        return [0x80 | operation] + length + payload
    }
}

internal import Essentials

/// A D-Bus message: calls to systemd, and what of its answers matters here. Source: D-Bus specification, Message Format.
struct BusMessage: Equatable {
    enum Kind: UInt8 { case call = 1, answer, error, signal }

    var kind: Kind
    var serial: UInt32
    var path = ""
    var interface = ""
    var member = ""
    var destination = ""
    var errorName = ""
    /// Of the call that this answers.
    var answersTo: UInt32 = 0
    var signature = ""
    var body: [UInt8] = []

    init(_ kind: Kind, serial: UInt32) {
        self.kind = kind
        self.serial = serial
    }

    /// As it goes over the socket.
    var bytes: [UInt8] {
        var writer = BusWriter()
        // Little-endian, kind, no flags, protocol version 1.
        for byte in [0x6c, kind.rawValue, 0, 1] { writer.byte(byte) }
        writer.unsigned(UInt32(body.count))
        writer.unsigned(serial)
        writer.array(alignment: 8) { writer in
            for (code, type, text) in [
                (1, "o", path), (2, "s", interface), (3, "s", member), (4, "s", errorName), (6, "s", destination),
            ] as [(UInt8, String, String)] where !text.isEmpty {
                writer.align(8)
                writer.byte(code)
                writer.signature(type)
                writer.string(text)
            }
            if answersTo != 0 {
                writer.align(8)
                writer.byte(5)
                writer.signature("u")
                writer.unsigned(answersTo)
            }
            if !signature.isEmpty {
                writer.align(8)
                writer.byte(8)
                writer.signature("g")
                writer.signature(signature)
            }
        }
        writer.align(8)
        return writer.bytes + body
    }

    /// How many bytes a message has, from its first sixteen.
    /// - Throws: `internal` for one that is not D-Bus, is of the other byte order, or is larger than anything systemd answers.
    static func length(_ start: [UInt8]) throws(GantryError) -> Int {
        guard start.count >= 16, start[0] == 0x6c, start[3] == 1 else {
            throw .internal("systemd answered with something else than D-Bus")
        }
        let body = BusReader.number(start, at: 4)
        let fields = BusReader.number(start, at: 12)
        guard body <= 1 << 20, fields <= 1 << 16 else { throw .internal("systemd answered with more than a megabyte") }
        return 16 + (Int(fields) + 7) / 8 * 8 + Int(body)
    }

    /// - Throws: `internal` for a message that is cut off or malformed.
    init(_ bytes: [UInt8]) throws(GantryError) {
        let wrong = GantryError.internal("systemd's answer is no valid D-Bus message")
        guard bytes.count >= 16, bytes.count == (try Self.length(bytes)), let kind = Kind(rawValue: bytes[1]) else { throw wrong }
        self.init(kind, serial: BusReader.number(bytes, at: 8))
        var reader = BusReader(bytes, from: 16)
        let end = 16 + Int(BusReader.number(bytes, at: 12))
        while reader.position < end {
            reader.align(8)
            let code = try reader.byte()
            switch try reader.signature() {
            case "s", "o":
                let text = try reader.string()
                switch code {
                case 1: path = text
                case 2: interface = text
                case 3: member = text
                case 4: errorName = text
                case 6: destination = text
                default: break
                }
            case "g": signature = try reader.signature()
            case "u":
                let number = try reader.unsigned()
                if code == 5 { answersTo = number }
            default: throw wrong
            }
        }
        reader.align(8)
        guard reader.position <= bytes.count else { throw wrong }
        body = Array(bytes[reader.position...])
    }
}

/// Reads values from a message's bytes.
struct BusReader {
    private let bytes: [UInt8]
    private(set) var position: Int

    init(_ bytes: [UInt8], from position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    static func number(_ bytes: [UInt8], at index: Int) -> UInt32 {
        bytes[index..<index + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func align(_ boundary: Int) { position = (position + boundary - 1) / boundary * boundary }

    mutating func byte() throws(GantryError) -> UInt8 { try take(1)[0] }

    mutating func unsigned() throws(GantryError) -> UInt32 {
        align(4)
        return Self.number(Array(try take(4)), at: 0)
    }

    mutating func string() throws(GantryError) -> String {
        let text = try take(Int(try unsigned()))
        _ = try take(1)
        return String(decoding: text, as: UTF8.self)
    }

    mutating func signature() throws(GantryError) -> String {
        let text = try take(Int(try byte()))
        _ = try take(1)
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func take(_ count: Int) throws(GantryError) -> [UInt8] {
        guard count >= 0, position + count <= bytes.count else { throw .internal("systemd's D-Bus message ends too early") }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }
}

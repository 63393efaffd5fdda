import Essentials

/// Reads fields of SSH's own encoding. Source: RFC 4251, section 5.
struct SSHReader {
    struct Truncated: Error {}

    private var rest: ArraySlice<UInt8>

    init(_ bytes: some Sequence<UInt8>) { rest = Array(bytes)[...] }

    var isEmpty: Bool { rest.isEmpty }

    mutating func take(_ count: Int) throws(Truncated) -> [UInt8] {
        guard count >= 0, count <= rest.count else { throw Truncated() }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    mutating func byte() throws(Truncated) -> UInt8 { try take(1)[0] }
    mutating func number() throws(Truncated) -> UInt32 { try take(4).reduce(0) { $0 << 8 | UInt32($1) } }
    mutating func string() throws(Truncated) -> [UInt8] { try take(Int(try number())) }
    mutating func text() throws(Truncated) -> String { String(decoding: try string(), as: UTF8.self) }

    /// A number that is not negative, without leading zeros.
    mutating func integer() throws(Truncated) -> [UInt8] { Array(try string().drop { $0 == 0 }) }
}

/// Writes fields of SSH's own encoding.
struct SSHWriter {
    private(set) var bytes: [UInt8] = []

    mutating func byte(_ value: UInt8) { bytes.append(value) }
    mutating func number(_ value: UInt32) { bytes += (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

    mutating func string(_ value: some Collection<UInt8>) {
        number(UInt32(value.count))
        bytes += value
    }

    mutating func text(_ value: String) { string(Array(value.utf8)) }

    /// A number that is not negative: a zero goes before a first bit that is set.
    mutating func integer(_ value: some Collection<UInt8>) {
        let digits = Array(value.drop { $0 == 0 })
        string((digits.first ?? 0) >= 0x80 ? [0] + digits : digits)
    }
}

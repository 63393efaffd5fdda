import Essentials

/// The 512 bytes before each member. Source: POSIX pax, ustar Interchange Format; GNU tar manual, Basic Tar Format.
struct TarHeader {
    static let blockSize = 512

    var name: [UInt8]
    var mode: Int64
    var userID: Int64
    var groupID: Int64
    var size: Int64
    var modifiedAt: Int64
    var type: UInt8
    var linkName: [UInt8]
    var deviceMajor: Int64
    var deviceMinor: Int64

    /// - Returns: nil for a block of zeros, which ends the archive.
    /// - Throws: `invalid` for a wrong checksum or a field that is no number.
    init?(block: UnsafeRawBufferPointer) throws(GantryError) {
        if block.allSatisfy({ $0 == 0 }) { return nil }
        var unsigned: Int64 = 0
        var signed: Int64 = 0
        for (index, byte) in block.enumerated() {
            let value = (148..<156).contains(index) ? 32 : byte
            unsigned += Int64(value)
            signed += Int64(Int8(bitPattern: value))
        }
        let stored = try Self.number(block, 148, 8, "checksum")
        guard stored == unsigned || stored == signed else { throw .invalid("invalid tar header: wrong checksum") }
        type = block[156]
        name = Self.text(block, 0, 100)
        linkName = Self.text(block, 157, 100)
        mode = try Self.number(block, 100, 8, "mode")
        userID = try Self.number(block, 108, 8, "user id")
        groupID = try Self.number(block, 116, 8, "group id")
        size = try Self.number(block, 124, 12, "size")
        modifiedAt = try Self.number(block, 136, 12, "time")
        let isDevice = type == UInt8(ascii: "3") || type == UInt8(ascii: "4")
        deviceMajor = isDevice ? try Self.number(block, 329, 8, "device number") : 0
        deviceMinor = isDevice ? try Self.number(block, 337, 8, "device number") : 0
        // `ustar\0` has a name prefix; GNU's `ustar ` has other things there.
        if block[257..<263].elementsEqual([117, 115, 116, 97, 114, 0]) {
            let prefix = Self.text(block, 345, 155)
            if !prefix.isEmpty { name = prefix + [47] + name }
        }
    }

    private static func text(_ block: UnsafeRawBufferPointer, _ start: Int, _ length: Int) -> [UInt8] {
        Array(block[start..<start + length].prefix { $0 != 0 })
    }

    /// Octal digits with blanks around, or GNU's base-256 for large and negative values.
    private static func number(
        _ block: UnsafeRawBufferPointer, _ start: Int, _ length: Int, _ field: String
    ) throws(GantryError) -> Int64 {
        let first = block[start]
        if first & 0x80 != 0 {
            var value: Int64 = first & 0x40 != 0 ? -1 : 0
            for index in 0..<length {
                let byte = index == 0 ? (value < 0 ? first : first & 0x7f) : block[start + index]
                let (high, overflow) = value.multipliedReportingOverflow(by: 256)
                if overflow { throw .invalid("invalid tar header: \(field) out of range") }
                value = index == 0 ? (value < 0 ? Int64(Int8(bitPattern: byte)) : Int64(byte)) : high | Int64(byte)
            }
            return value
        }
        var value: Int64 = 0
        var ended = false
        for index in start..<start + length {
            let byte = block[index]
            if byte == 0 || byte == 32 {
                if value != 0 || ended { ended = true }
                if byte == 0 { break }
                continue
            }
            guard byte >= 48, byte <= 55, !ended else { throw .invalid("invalid tar header: \(field) is not an octal number") }
            value = value << 3 | Int64(byte - 48)
        }
        return value
    }
}

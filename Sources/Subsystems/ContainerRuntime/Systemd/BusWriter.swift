/// Encodes values as D-Bus does, in little-endian order. Source: D-Bus specification, Marshaling.
struct BusWriter {
    private(set) var bytes: [UInt8] = []

    mutating func align(_ boundary: Int) {
        while bytes.count % boundary != 0 { bytes.append(0) }
    }

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func unsigned(_ value: UInt32) {
        align(4)
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }

    mutating func long(_ value: UInt64) {
        align(8)
        withUnsafeBytes(of: value.littleEndian) { bytes += $0 }
    }

    mutating func boolean(_ value: Bool) { unsigned(value ? 1 : 0) }

    /// Also object paths.
    mutating func string(_ value: String) {
        unsigned(UInt32(value.utf8.count))
        bytes += value.utf8
        bytes.append(0)
    }

    mutating func signature(_ value: String) {
        bytes.append(UInt8(value.utf8.count))
        bytes += value.utf8
        bytes.append(0)
    }

    /// - Parameter alignment: of an element; the padding before the first does not count as the array's length.
    mutating func array(alignment: Int, _ body: (inout BusWriter) -> Void) {
        unsigned(0)
        let lengthAt = bytes.count - 4
        align(alignment)
        let start = bytes.count
        body(&self)
        withUnsafeBytes(of: UInt32(bytes.count - start).littleEndian) { length in
            for (index, byte) in length.enumerated() { bytes[lengthAt + index] = byte }
        }
    }

    /// A property of a unit: the struct of its name and a variant.
    mutating func property(_ property: UnitProperty) {
        align(8)
        string(property.name)
        signature(property.value.signature)
        switch property.value {
        case .string(let text): string(text)
        case .boolean(let value): boolean(value)
        case .number(let value): long(value)
        case .processes(let ids): array(alignment: 4) { writer in for id in ids { writer.unsigned(id) } }
        case .bytes(let mask): array(alignment: 1) { writer in for byte in mask { writer.byte(byte) } }
        }
    }
}

/// A property of a systemd unit, with a value of one of the kinds that we set.
struct UnitProperty: Equatable {
    enum Value: Equatable {
        case string(String)
        case boolean(Bool)
        case number(UInt64)
        case processes([UInt32])
        /// A set as a bit mask, the lowest numbers in the first byte.
        case bytes([UInt8])

        var signature: String {
            switch self {
            case .string: "s"
            case .boolean: "b"
            case .number: "t"
            case .processes: "au"
            case .bytes: "ay"
            }
        }
    }

    var name: String
    var value: Value

    init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }
}

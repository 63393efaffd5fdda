internal import FoundationEssentials

/// JSON as the Engine API has it: fields in the order of their declaration, keys of maps sorted, slashes not escaped.
package enum EngineJSON {
    package static func encode(_ value: some Encodable) throws -> [UInt8] {
        var text: [UInt8] = []
        try JSONTreeEncoder.tree(of: value).write(to: &text)
        return text
    }

    /// One line: the value and a newline.
    package static func line(_ value: some Encodable) throws -> [UInt8] {
        try encode(value) + [UInt8(ascii: "\n")]
    }

    package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws -> Value {
        // From raw memory: the other ways search all conformances for what kind of sequence this is.
        let data = Array(bytes).withUnsafeBytes { bytes in
            bytes.baseAddress.map { Data(bytes: $0, count: bytes.count) } ?? Data()
        }
        return try JSONDecoder().decode(type, from: data)
    }
}

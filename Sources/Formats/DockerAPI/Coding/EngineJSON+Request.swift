internal import FoundationEssentials

extension EngineJSON {
    /// A line of a progress stream, which ends in CRLF.
    package static func progressLine(_ value: some Encodable) throws -> [UInt8] {
        try encode(value) + [13, 10]
    }

    /// As `decode`, with the names of fields in any case, as Go reads them.
    package static func decodeRequest<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { path in
            let key = path[path.count - 1]
            return RequestFieldNames.byLowerCase[key.stringValue.lowercased()].map { FieldName(stringValue: $0) } ?? key
        }
        return try decoder.decode(type, from: Data(bytes))
    }

    private struct FieldName: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

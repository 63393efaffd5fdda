/// Builds a `JSONTree` of an encodable value.
struct JSONTreeEncoder: Encoder {
    let tree: JSONTree
    var codingPath: [any CodingKey] = []
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    static func tree(of value: some Encodable) throws -> JSONTree {
        let tree = JSONTree()
        try fill(tree, with: value, path: [])
        return tree
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        tree.becomeObject()
        return KeyedEncodingContainer(Keyed<Key>(tree: tree, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        tree.becomeArray()
        return Unkeyed(tree: tree, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { Single(tree: tree, codingPath: codingPath) }

    /// - Throws: `EncodingError` for numbers that JSON does not have.
    static func fill(_ tree: JSONTree, with value: some Encodable, path: [any CodingKey]) throws {
        // Types and not protocols where it can be: a cast to a protocol searches all conformances once per type.
        switch value {
        case let value as String: tree.content = .string(value)
        case let value as Bool: tree.content = .bool(value)
        case let value as Int: tree.content = .number("\(value)")
        case let value as Int64: tree.content = .number("\(value)")
        case let value as [String]: tree.content = .array(value.map(JSONTree.init))
        case let value as [String: String]:
            tree.content = .object(value.map { ($0.key, JSONTree($0.value)) })
            tree.isMap = true
        case let value as any BinaryInteger: tree.content = .number("\(value)")
        case let value as Double:
            guard value.isFinite else {
                throw EncodingError.invalidValue(value, EncodingError.Context(codingPath: path, debugDescription: "no JSON number"))
            }
            tree.content = .number("\(value)")
        default:
            tree.isMap = value is any TextKeyed
            try value.encode(to: JSONTreeEncoder(tree: tree, codingPath: path))
        }
    }
}

/// Maps, whose order is arbitrary.
private protocol TextKeyed {}
extension Dictionary: TextKeyed where Key == String {}

extension JSONTreeEncoder {
    struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let tree: JSONTree
        let codingPath: [any CodingKey]

        mutating func encodeNil(forKey key: Key) throws { _ = tree.member(key.stringValue) }

        mutating func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
            try JSONTreeEncoder.fill(tree.member(key.stringValue), with: value, path: codingPath + [key])
        }

        mutating func nestedContainer<Nested: CodingKey>(keyedBy: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
            nested(key.stringValue, key).container(keyedBy: Nested.self)
        }

        mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
            nested(key.stringValue, key).unkeyedContainer()
        }

        mutating func superEncoder() -> any Encoder { JSONTreeEncoder(tree: tree.member("super"), codingPath: codingPath) }
        mutating func superEncoder(forKey key: Key) -> any Encoder { nested(key.stringValue, key) }

        private func nested(_ name: String, _ key: Key) -> JSONTreeEncoder {
            JSONTreeEncoder(tree: tree.member(name), codingPath: codingPath + [key])
        }
    }

    struct Unkeyed: UnkeyedEncodingContainer {
        let tree: JSONTree
        let codingPath: [any CodingKey]
        var count: Int {
            if case .array(let elements) = tree.content { elements.count } else { 0 }
        }

        mutating func encodeNil() throws { _ = tree.element() }

        mutating func encode<Value: Encodable>(_ value: Value) throws {
            try JSONTreeEncoder.fill(tree.element(), with: value, path: codingPath)
        }

        mutating func nestedContainer<Nested: CodingKey>(keyedBy: Nested.Type) -> KeyedEncodingContainer<Nested> {
            JSONTreeEncoder(tree: tree.element(), codingPath: codingPath).container(keyedBy: Nested.self)
        }

        mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
            JSONTreeEncoder(tree: tree.element(), codingPath: codingPath).unkeyedContainer()
        }

        mutating func superEncoder() -> any Encoder { JSONTreeEncoder(tree: tree.element(), codingPath: codingPath) }
    }

    struct Single: SingleValueEncodingContainer {
        let tree: JSONTree
        let codingPath: [any CodingKey]

        mutating func encodeNil() throws { tree.content = .null }

        mutating func encode<Value: Encodable>(_ value: Value) throws {
            try JSONTreeEncoder.fill(tree, with: value, path: codingPath)
        }
    }
}

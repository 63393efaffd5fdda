// How Go writes and reads a field, said at the declaration of the field. Reading is lenient everywhere: a missing field and
// null are the blank value. Writing differs.

package typealias FieldValue = Blank & Codable & Hashable & Sendable

/// A field that is always written as it is: `[]` and `""` included.
@propertyWrapper
package struct Lenient<Value: FieldValue>: Codable, Hashable, Sendable {
    package var wrappedValue: Value

    package init(wrappedValue: Value) { self.wrappedValue = wrappedValue }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        wrappedValue = container.decodeNil() ? .blank : try container.decode(Value.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}

/// A field that is left out when blank (Go's `omitempty`).
@propertyWrapper
package struct OmitEmpty<Value: FieldValue>: Codable, Hashable, Sendable {
    package var wrappedValue: Value

    package init(wrappedValue: Value) { self.wrappedValue = wrappedValue }

    package init(from decoder: any Decoder) throws {
        wrappedValue = try Lenient<Value>(from: decoder).wrappedValue
    }

    package func encode(to encoder: any Encoder) throws {
        try Lenient(wrappedValue: wrappedValue).encode(to: encoder)
    }
}

/// A list or map that is written as null when empty (Go's nil slices and maps).
@propertyWrapper
package struct NullEmpty<Value: FieldValue>: Codable, Hashable, Sendable {
    package var wrappedValue: Value

    package init(wrappedValue: Value) { self.wrappedValue = wrappedValue }

    package init(from decoder: any Decoder) throws {
        wrappedValue = try Lenient<Value>(from: decoder).wrappedValue
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if wrappedValue == .blank { try container.encodeNil() } else { try container.encode(wrappedValue) }
    }
}

/// An optional that is written as null when nil, where empty and absent differ.
@propertyWrapper
package struct Null<Value: Codable & Hashable & Sendable>: Codable, Hashable, Sendable {
    package var wrappedValue: Value?

    package init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        wrappedValue = container.decodeNil() ? nil : try container.decode(Value.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
    }
}

/// Words of a command: read from a list or a single text, written as a list or null.
@propertyWrapper
package struct Words: Codable, Hashable, Sendable {
    package var wrappedValue: [String]?

    package init(wrappedValue: [String]?) { self.wrappedValue = wrappedValue }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            wrappedValue = nil
        } else if let word = try? container.decode(String.self) {
            wrappedValue = [word]
        } else {
            wrappedValue = try container.decode([String].self)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
    }
}

// The compiler's synthesis picks these, being narrower than the generic ones: they make missing fields readable and let
// `OmitEmpty` leave fields out.
extension KeyedDecodingContainer {
    package func decode<Value>(_: Lenient<Value>.Type, forKey key: Key) throws -> Lenient<Value> {
        Lenient(wrappedValue: try decodeIfPresent(Value.self, forKey: key) ?? .blank)
    }

    package func decode<Value>(_: OmitEmpty<Value>.Type, forKey key: Key) throws -> OmitEmpty<Value> {
        OmitEmpty(wrappedValue: try decodeIfPresent(Value.self, forKey: key) ?? .blank)
    }

    package func decode<Value>(_: NullEmpty<Value>.Type, forKey key: Key) throws -> NullEmpty<Value> {
        NullEmpty(wrappedValue: try decodeIfPresent(Value.self, forKey: key) ?? .blank)
    }

    package func decode<Value>(_: Null<Value>.Type, forKey key: Key) throws -> Null<Value> {
        Null(wrappedValue: try decodeIfPresent(Value.self, forKey: key))
    }

    package func decode(_: Words.Type, forKey key: Key) throws -> Words {
        try decodeIfPresent(Words.self, forKey: key) ?? Words(wrappedValue: nil)
    }
}

extension KeyedEncodingContainer {
    package mutating func encode<Value>(_ field: OmitEmpty<Value>, forKey key: Key) throws {
        if field.wrappedValue != .blank { try encode(field.wrappedValue, forKey: key) }
    }
}

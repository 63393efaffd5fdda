package import Essentials
internal import FoundationEssentials

extension RuntimeSpecification {
    /// Reads a `config.json`.
    /// - Throws: `invalid`, which names the field.
    package static func read(_ bytes: [UInt8], name: String) throws(GantryError) -> RuntimeSpecification {
        try decode(RuntimeSpecification.self, bytes, name: name)
    }

    /// Reads a part of one, such as the process of an exec.
    package static func decode<Value: Decodable>(
        _ type: Value.Type, _ bytes: [UInt8], name: String
    ) throws(GantryError) -> Value {
        do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch let error as DecodingError {
            throw .invalid("`\(name)` is not valid: \(explain(error))")
        } catch { throw .invalid("`\(name)` is not valid", cause: error) }
    }

    private static func explain(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context): return "`\(path(context.codingPath + [key]))` is missing"
        case .typeMismatch(let type, let context): return "`\(path(context.codingPath))` must be \(word(type))"
        case .valueNotFound(let type, let context): return "`\(path(context.codingPath))` is null and must be \(word(type))"
        case .dataCorrupted(let context):
            let subject =
                context.codingPath.isEmpty ? "it is no JSON document" : "`\(path(context.codingPath))` is out of range or unknown"
            return subject + (context.debugDescription.isEmpty ? "" : " (\(context.debugDescription))")
        @unknown default: return "\(error)"
        }
    }

    /// `linux.namespaces[0].type`.
    private static func path(_ keys: [any CodingKey]) -> String {
        var result = ""
        for key in keys {
            if let index = key.intValue { result += "[\(index)]" } else { result += (result.isEmpty ? "" : ".") + key.stringValue }
        }
        return result
    }

    private static func word(_ type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Bool.Type: "true or false"
        case is any FixedWidthInteger.Type: "a whole number"
        case is [Any].Type: "a list"
        default: "\(type)".hasPrefix("Array") ? "a list" : "\(type)".hasPrefix("Dictionary") ? "an object" : "an object"
        }
    }
}

/// The decoder forgets which field a number was in that does not fit its type; these, used by the types of this module, do not.
private struct Whole<Number: FixedWidthInteger & Decodable>: Decodable {
    let value: Number

    init(from decoder: any Decoder) throws { value = try decoder.singleValueContainer().decode(Number.self) }
}

extension KeyedDecodingContainer {
    private func whole<Number: FixedWidthInteger & Decodable>(_ type: Number.Type, _ key: Key) throws -> Number {
        do { return try decode(Whole<Number>.self, forKey: key).value } catch let error as DecodingError {
            if case .dataCorrupted(let context) = error, context.codingPath.isEmpty { throw outOfRange(key) }
            throw error
        } catch { throw outOfRange(key) }
    }

    private func outOfRange(_ key: Key) -> DecodingError {
        .dataCorrupted(DecodingError.Context(codingPath: codingPath + [key], debugDescription: ""))
    }

    private func isThere(_ key: Key) throws -> Bool { try contains(key) && !decodeNil(forKey: key) }

    func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { try whole(type, key) }
    func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { try whole(type, key) }
    func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { try whole(type, key) }
    func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { try whole(type, key) }
    func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try whole(type, key) }
    func decodeIfPresent(_ type: UInt16.Type, forKey key: Key) throws -> UInt16? { try isThere(key) ? whole(type, key) : nil }
    func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) throws -> UInt32? { try isThere(key) ? whole(type, key) : nil }
    func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? { try isThere(key) ? whole(type, key) : nil }
    func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? { try isThere(key) ? whole(type, key) : nil }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { try isThere(key) ? whole(type, key) : nil }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try isThere(key) ? whole(type, key) : nil }
}

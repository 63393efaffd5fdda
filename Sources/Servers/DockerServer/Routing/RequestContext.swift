internal import DockerAPI
internal import Essentials
internal import NIOHTTP1

/// A request on its way to a route.
package struct RequestContext: Sendable {
    package let head: RequestHead
    package let version: APIVersion
    package let query: Query
    package let body: RequestBody
    private let names: [String: String]
    /// Bytes that a JSON body may have.
    private static let maximumJSONBytes = 4 * 1024 * 1024

    package init(head: RequestHead, version: APIVersion, query: Query, names: [String: String], body: RequestBody) {
        self.head = head
        self.version = version
        self.query = query
        self.names = names
        self.body = body
    }

    /// A named part of the path, without a leading slash.
    package func name(_ key: String = "name") -> String {
        var name = (names[key] ?? "")[...]
        while name.first == "/" { name.removeFirst() }
        return String(name)
    }

    /// The JSON body, or nil when there is none.
    /// - Throws: `invalid` with Docker's wording.
    package func json<Value: Decodable>(_ type: Value.Type) async throws -> Value? {
        guard let bytes = try await body.collect(limit: Self.maximumJSONBytes) else {
            throw GantryError.invalid("request body too large: at most \(Self.maximumJSONBytes) bytes are taken")
        }
        try checkContentType(isEmpty: bytes.isEmpty)
        switch JSONText.extent(bytes) {
        case .empty: return nil
        case .truncated: throw GantryError.invalid("invalid JSON: unexpected EOF")
        case .value(let end, let trailing):
            let value = try Self.decode(type, bytes[..<end])
            if trailing { throw GantryError.invalid("unexpected content after JSON") }
            return value
        }
    }

    private func checkContentType(isEmpty: Bool) throws {
        guard let type = head.headers.first(name: "content-type"), !type.isEmpty else {
            if isEmpty { return }
            throw GantryError.invalid("malformed Content-Type header (): mime: no media type")
        }
        let media = type.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
        guard media == "application/json" else {
            throw GantryError.invalid("unsupported Content-Type header (\(type)): must be 'application/json'")
        }
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: ArraySlice<UInt8>) throws -> Value? {
        do {
            return try EngineJSON.decodeRequest(type, from: bytes)
        } catch DecodingError.typeMismatch(_, let context) where context.codingPath.isEmpty {
            throw GantryError.invalid("invalid JSON: json: cannot unmarshal \(Self.kind(bytes)) into \(type)")
        } catch DecodingError.typeMismatch(let wanted, let context) {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw GantryError.invalid("invalid JSON: json: cannot unmarshal field \(path): expected \(wanted)")
        } catch let DecodingError.dataCorrupted(context) {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw GantryError.invalid("invalid JSON: \(path.isEmpty ? "" : "\(path): ")\(context.debugDescription)")
        } catch {
            throw GantryError.invalid("invalid JSON: \(error)")
        }
    }

    /// Go's word for the kind of value that the text starts with.
    private static func kind(_ bytes: ArraySlice<UInt8>) -> String {
        switch bytes.first(where: { $0 > 32 }) {
        case UInt8(ascii: "["): "array"
        case UInt8(ascii: "\""): "string"
        case UInt8(ascii: "t"), UInt8(ascii: "f"): "bool"
        case UInt8(ascii: "{"): "object"
        default: "number"
        }
    }
}

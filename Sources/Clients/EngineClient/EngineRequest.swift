package import DockerAPI
import Essentials

/// One request to the daemon: path without the version, query and body.
package struct EngineRequest: Sendable {
    package enum Method: String, Sendable { case get = "GET", head = "HEAD", post = "POST", put = "PUT", delete = "DELETE" }

    package enum Body: Sendable {
        case none
        case bytes([UInt8], contentType: String)
        /// Sent in chunks as it comes, while the answer may already be read.
        case stream(any AsyncSequence<[UInt8], any Error> & Sendable, contentType: String)
    }

    package var method: Method
    /// Begins with `/`, its parts escaped.
    package var path: String
    package var query: [(name: String, value: String)] = []
    package var headers: [(name: String, value: String)] = []
    package var body: Body = .none

    package init(_ method: Method, _ path: String) {
        self.method = method
        self.path = path
    }

    /// Adds `name=value`; nil and (for the variant with Bool) false add nothing.
    package mutating func set(_ name: String, _ value: String?) {
        if let value { query.append((name, value)) }
    }

    package mutating func set(_ name: String, _ value: Bool) {
        if value { query.append((name, "1")) }
    }

    /// Adds `filters=…` when there are any.
    package mutating func set(_ filters: Filters) throws {
        if !filters.isEmpty { query.append(("filters", try filters.json())) }
    }

    /// Makes `value` the body, as JSON.
    package mutating func setJSON(_ value: some Encodable) throws {
        body = .bytes(try EngineJSON.encode(value), contentType: "application/json")
    }

    /// Path and query as they stand in the request line.
    func target(version: String?) -> String {
        var text = version.map { "/v\($0)" } ?? ""
        text += path
        var separator = "?"
        for (name, value) in query {
            text += "\(separator)\(Self.escape(name))=\(Self.escape(value))"
            separator = "&"
        }
        return text
    }

    /// Percent-encodes everything but letters, digits and `-._~`, and what is in `keeping`.
    package static func escape(_ text: String, keeping: String = "") -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        let kept = Set("-._~".utf8).union(keeping.utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122: result.append(byte)
            case _ where kept.contains(byte): result.append(byte)
            default: result += [37, hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// A name or id as one part of a path.
    package static func part(_ name: String) -> String { escape(name) }

    /// An image's name in a path: its slashes, colons and at-signs stay.
    package static func imagePart(_ name: String) -> String { escape(name, keeping: "/:@") }
}

/// The `filters` query: keys with alternatives. Source: Engine API, "filters" of the list endpoints.
///
/// Read from both forms, `{"label":{"a=b":true}}` and `{"label":["a=b"]}`; written in the first.
package struct Filters: Sendable, Hashable {
    package var values: [String: [String]]

    package init(_ values: [String: [String]] = [:]) { self.values = values }

    /// Text that is neither form.
    package struct Malformed: Error, Hashable, CustomStringConvertible {
        package var description: String { "invalid filter" }
    }

    /// - Parameter json: empty for no filters.
    package init(json: String) throws {
        values = [:]
        guard !json.isEmpty else { return }
        guard let parsed = try? EngineJSON.decode([String: FilterValues].self, from: json.utf8) else { throw Malformed() }
        values = parsed.mapValues(\.list)
    }

    package mutating func add(_ key: String, _ value: String) {
        values[key, default: []].append(value)
    }

    package var isEmpty: Bool { values.isEmpty }

    package func json() throws -> String {
        let sets = values.mapValues { list in Dictionary(list.map { ($0, true) }, uniquingKeysWith: { first, _ in first }) }
        return String(decoding: try EngineJSON.encode(sets), as: UTF8.self)
    }

    /// The values of one key in either form.
    private struct FilterValues: Decodable {
        var list: [String]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let list = try? container.decode([String].self) {
                self.list = list
            } else {
                list = try container.decode([String: Bool].self).filter(\.value).keys.sorted()
            }
        }
    }
}

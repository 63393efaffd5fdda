import DockerAPI

/// JSON as people keep it in files: tabs, one member per line, sorted keys, as `docker` writes its `config.json`.
enum JSONText {
    /// - Parameters:
    ///   - first: keys of the outermost object that stand before the others.
    ///   - indent: of each depth.
    static func pretty(_ value: JSONValue, first: [String] = [], indent: String = "\t") throws -> String {
        try write(value, depth: 0, first: first, indent)
    }

    private static func write(_ value: JSONValue, depth: Int, first: [String], _ indent: String) throws -> String {
        let inner = String(repeating: indent, count: depth + 1)
        let outer = String(repeating: indent, count: depth)
        switch value {
        case .object(let members) where !members.isEmpty:
            let keys = first.filter { members[$0] != nil } + members.keys.filter { !first.contains($0) }.sorted()
            let lines = try keys.map { key in
                "\(inner)\(try scalar(.string(key))): \(try write(members[key] ?? .null, depth: depth + 1, first: [], indent))"
            }
            return "{\n\(lines.joined(separator: ",\n"))\n\(outer)}"
        case .array(let values) where !values.isEmpty:
            let lines = try values.map { inner + (try write($0, depth: depth + 1, first: [], indent)) }
            return "[\n\(lines.joined(separator: ",\n"))\n\(outer)]"
        default: return try scalar(value)
        }
    }

    private static func scalar(_ value: JSONValue) throws -> String {
        String(decoding: try EngineJSON.encode(value), as: UTF8.self)
    }
}

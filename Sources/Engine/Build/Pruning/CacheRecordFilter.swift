import Essentials

/// Which records of the build cache are meant. Source: docker builder prune, `--filter`.
struct CacheRecordFilter: Sendable {
    private static let known: Set<String> = [
        "until", "unused-for", "id", "parent", "type", "description", "inuse", "shared", "private", "mutable", "immutable",
    ]

    private var unusedSince: Timestamp?
    private var texts: [String: String] = [:]
    private var flags: [String: Bool] = [:]

    /// - Throws: `invalid` for an unknown filter, several values or a value that is none.
    init(_ filters: [String: [String]]) throws(GantryError) {
        for (key, values) in filters.sorted(by: { $0.key < $1.key }) where !values.isEmpty || key != "until" {
            guard Self.known.contains(key) else { throw .invalid("invalid filter '\(key)'") }
            guard values.count <= 1 else { throw .invalid("filters expect only one value: `\(key)`") }
            let value = values.first ?? ""
            switch key {
            case "until", "unused-for":
                guard filters["until"] == nil || filters["unused-for"] == nil else {
                    throw .invalid("conflicting filters: \"until\" and \"unused-for\"")
                }
                unusedSince = try Self.time(value, key)
            case "id", "parent", "type", "description": texts[key] = value
            default:
                guard ["", "true", "1", "false", "0"].contains(value) else {
                    throw .invalid("invalid value for the filter `\(key)`: `\(value)`, expected true or false")
                }
                flags[key] = value == "" || value == "true" || value == "1"
            }
        }
    }

    /// `24h`, a number of seconds before now, or a time.
    private static func time(_ text: String, _ key: String) throws(GantryError) -> Timestamp {
        if let span = try? GoDuration.nanoseconds(text) { return Timestamp(nanoseconds: Timestamp.now().nanoseconds - span) }
        guard let time = TimeText.parse(text) else {
            throw .invalid("invalid value for the filter `\(key)`: `\(text)`, expected a duration such as `24h`")
        }
        return time
    }

    func admits(_ record: DiskUsage.CacheRecord) -> Bool {
        if let unusedSince, record.lastUsedAt ?? record.createdAt > unusedSince { return false }
        let isMutable = record.kind == DiskUsage.CacheRecord.mountKind
        let facts = [
            "inuse": record.inUse, "shared": record.shared, "private": !record.shared, "mutable": isMutable,
            "immutable": !isMutable,
        ]
        return flags.allSatisfy { facts[$0.key] == $0.value }
            && texts.allSatisfy { key, value in
                switch key {
                case "id": record.id.contains(value)
                case "parent": record.parents.contains(value)
                case "type": record.kind == value
                default: record.description == value
                }
            }
    }
}

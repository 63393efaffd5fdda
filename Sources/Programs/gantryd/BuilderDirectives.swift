import Engine
import Essentials
import FoundationEssentials

/// `builder` of daemon.json; keys are read without regard to case, as dockerd reads them.
///
///     "builder": {"gc": {"enabled": true, "defaultMaxUsedSpace": "20GB", "policy": [
///       {"maxUsedSpace": "5GB", "filter": ["unused-for=48h", "type=exec.cachemount"]}, {"reservedSpace": "10GB", "all": true}]}}
///
/// Source: docker docs, build garbage collection; dockerd's daemon.json.
struct BuilderDirectives: Decodable {
    var policy = BuildCachePolicy()

    init(from decoder: any Decoder) throws {
        let builder = try Keyed(decoder)
        if let gc = try builder.inner("gc") {
            policy.isEnabled = try gc.value(Bool.self, "enabled") ?? true
            policy.reserved = try gc.space("defaultReservedSpace", "defaultKeepStorage")
            policy.maximum = try gc.space("defaultMaxUsedSpace")
            policy.minimumFree = try gc.space("defaultMinFreeSpace")
            policy.rules = try gc.list("policy")?.map(Self.rule)
            try gc.end()
        }
        try builder.end()
    }

    private static func rule(_ keys: Keyed) throws -> BuildCacheRule {
        var rule = BuildCacheRule()
        rule.all = try keys.value(Bool.self, "all") ?? false
        rule.reserved = try keys.space("reservedSpace", "keepStorage")
        rule.maximum = try keys.space("maxUsedSpace")
        rule.minimumFree = try keys.space("minFreeSpace")
        rule.filters = try keys.filters("filter")
        try keys.end()
        return rule
    }
}

/// An object whose keys are compared without regard to case; what nobody asked about is an error.
private final class Keyed {
    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private let container: KeyedDecodingContainer<Key>
    private let path: String
    private var asked: Set<String> = []

    init(_ decoder: any Decoder) throws {
        container = try decoder.container(keyedBy: Key.self)
        path = decoder.codingPath.map(\.stringValue).joined(separator: ".")
    }

    private func key(_ name: String) -> Key? {
        asked.insert(name.lowercased())
        return container.allKeys.first { $0.stringValue.lowercased() == name.lowercased() }
    }

    func value<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value? {
        try key(name).flatMap { try container.decodeIfPresent(type, forKey: $0) }
    }

    func inner(_ name: String) throws -> Keyed? { try key(name).map { try Keyed(container.superDecoder(forKey: $0)) } }

    func list(_ name: String) throws -> [Keyed]? {
        guard let key = key(name) else { return nil }
        var items = try container.nestedUnkeyedContainer(forKey: key)
        var result: [Keyed] = []
        while !items.isAtEnd { result.append(try Keyed(items.superDecoder())) }
        return result
    }

    /// `20GB`, or `10%` of the disk; of several names the first that is there.
    func space(_ names: String...) throws -> BuildCacheRule.Space? {
        for name in names {
            guard let text = try value(String.self, name) else { continue }
            if text.hasSuffix("%"), let part = Int64(text.dropLast()), (0...100).contains(part) { return .percent(part) }
            guard let bytes = ByteSize.parseBinary(text) else {
                throw GantryError.invalid("`\(name)` of the builder's garbage collection: invalid size: '\(text)'")
            }
            return .bytes(bytes)
        }
        return nil
    }

    /// `["unused-for=48h"]`, or `{"unused-for": {"48h": true}}`.
    func filters(_ name: String) throws -> [String: [String]] {
        guard let key = key(name) else { return [:] }
        if let map = try? container.decode([String: [String: Bool]].self, forKey: key) { return map.mapValues { $0.keys.sorted() } }
        var result: [String: [String]] = [:]
        for text in try container.decode([String].self, forKey: key) {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let value = parts.count > 1 ? String(parts[1].drop { $0 == "=" }) : ""
            result[parts[0], default: []].append(value)
        }
        return result
    }

    func end() throws {
        let unknown = container.allKeys.map(\.stringValue).filter { !asked.contains($0.lowercased()) }.sorted()
        guard let first = unknown.first else { return }
        throw GantryError.invalid(
            "the following directives don't match any configuration option: \(path.isEmpty ? "" : path + ".")\(first)")
    }
}

import DockerAPI
import Essentials

/// One target of a bake file, its fields by the names that the file has. Source: docker buildx, bake reference, Target.
struct BakeTarget: Equatable {
    private enum Shape { case text, flag, list, map, objects }

    private static let shapes: [String: Shape] = [
        "annotations": .list, "args": .map, "attest": .objects, "cache-from": .objects, "cache-to": .objects, "call": .text,
        "context": .text, "contexts": .map, "description": .text, "dockerfile": .text, "dockerfile-inline": .text,
        "entitlements": .list, "extra-hosts": .map, "inherits": .list, "labels": .map, "network": .text, "no-cache": .flag,
        "no-cache-filter": .list, "output": .objects, "platforms": .list, "pull": .flag, "secret": .objects, "shm-size": .text,
        "ssh": .objects, "tags": .list, "target": .text, "ulimits": .list,
    ]
    /// Names that `--set` has for fields.
    private static let aliases = ["platform": "platforms", "secrets": "secret", "tag": "tags", "outputs": "output"]

    private var fields: [String: JSONValue] = [:]

    init() {}

    /// - Throws: `invalid` with the target's name for a field that is unknown or of another shape.
    init(_ value: JSONValue, name: String) throws {
        guard case .object(let members) = value else { throw GantryError.invalid("target `\(name)` is no object") }
        for (key, value) in members {
            guard key != "matrix", key != "name" else {
                throw GantryError.unsupported(
                    "`\(key)` of target `\(name)`: a matrix of targets is not offered", hint: "write the targets out")
            }
            guard let shape = Self.shapes[key] else { throw GantryError.invalid("target `\(name)` has the unknown field `\(key)`") }
            if case .null = value { continue }
            fields[key] = try Self.shaped(value, shape, "`\(key)` of target `\(name)`")
        }
    }

    private static func shaped(_ value: JSONValue, _ shape: Shape, _ what: String) throws -> JSONValue {
        func wrong(_ expected: String) -> GantryError { .invalid("\(what) is not \(expected)") }
        switch (shape, value) {
        case (.text, .string): return value
        case (.flag, .bool): return value
        case (.flag, .string(let text)):
            guard let flag = Bool(goText: text) else { throw wrong("a boolean") }
            return .bool(flag)
        case (.list, .array(let items)):
            return .array(
                try items.map { item in
                    guard case .string = item else { throw wrong("a list of texts") }
                    return item
                })
        case (.objects, .array(let items)): return .array(try items.map { .string(try line($0, what)) })
        case (.map, .object(let members)):
            return .object(
                try members.mapValues { value in
                    switch value {
                    case .string, .null: return value
                    case .bool(let flag): return .string(flag ? "true" : "false")
                    case .integer(let number): return .string(String(number))
                    case .number(let number): return .string("\(number)")
                    case .array, .object: throw wrong("a map of texts")
                    }
                })
        case (.text, _): throw wrong("a text")
        case (.flag, _): throw wrong("a boolean")
        case (.map, _): throw wrong("a map of texts")
        case (.list, _), (.objects, _): throw wrong("a list")
        }
    }

    /// `{"type":"local","dest":"out"}` as `type=local,dest=out`; a text stays. An ssh agent is `{"id":…,"paths":[…]}`.
    private static func line(_ value: JSONValue, _ what: String) throws -> String {
        if case .string(let text) = value { return text }
        guard case .object(let members) = value else { throw GantryError.invalid("\(what) holds neither texts nor objects") }
        if case .array(let paths)? = members["paths"], let id = members["id"]?.string {
            return "\(id)=" + paths.compactMap(\.string).joined(separator: ",")
        }
        return try members.sorted { ($0.key == "type" ? "" : $0.key) < ($1.key == "type" ? "" : $1.key) }.map { key, value in
            switch value {
            case .string(let text): text.contains(",") ? "\"\(key)=\(text)\"" : "\(key)=\(text)"
            case .bool(let flag): "\(key)=\(flag)"
            case .integer(let number): "\(key)=\(number)"
            default: throw GantryError.invalid("`\(key)` in \(what) is no text")
            }
        }.joined(separator: ",")
    }

    // MARK: Reading

    func text(_ key: String) -> String? { fields[key]?.string }
    func flag(_ key: String) -> Bool? { if case .bool(let value)? = fields[key] { value } else { nil } }
    func list(_ key: String) -> [String] {
        if case .array(let items)? = fields[key] { items.compactMap(\.string) } else { [] }
    }
    /// Nil values are those that the environment gives.
    func map(_ key: String) -> [String: String?] {
        if case .object(let members)? = fields[key] { members.mapValues(\.string) } else { [:] }
    }
    var json: JSONValue { .object(fields) }

    // MARK: Changing

    /// What `other` says goes before what is here; maps are put together.
    mutating func merge(_ other: BakeTarget) {
        for (key, value) in other.fields {
            if case .object(let new) = value, case .object(let old)? = fields[key] {
                fields[key] = .object(old.merging(new) { _, last in last })
            } else {
                fields[key] = value
            }
        }
    }

    mutating func remove(_ key: String) { fields[key] = nil }
    mutating func set(_ key: String, _ items: [String]) { fields[key] = .array(items.map(JSONValue.string)) }
    mutating func set(_ key: String, _ flag: Bool) { fields[key] = .bool(flag) }
    mutating func fill(_ key: String, _ text: String) { if fields[key] == nil { fields[key] = .string(text) } }

    /// `key=value` or `key.member=value` of `--set`.
    /// - Parameter appends: to a list, in place of what it held.
    mutating func override(_ path: String, _ value: String, appends: Bool) throws {
        let parts = path.split(separator: ".", maxSplits: 1).map(String.init)
        let key = Self.aliases[parts[0]] ?? parts[0]
        switch (Self.shapes[key], parts.count) {
        case (.map?, 2):
            var members = map(key).mapValues { $0.map(JSONValue.string) ?? .null }
            members[parts[1]] = .string(value)
            fields[key] = .object(members)
        case (.text?, 1): fields[key] = .string(value)
        case (.flag?, 1):
            guard let flag = Bool(goText: value) else {
                throw GantryError.invalid("invalid value \(value) for boolean key \(key)")
            }
            fields[key] = .bool(flag)
        case (.list?, 1) where key != "inherits", (.objects?, 1): set(key, (appends ? list(key) : []) + [value])
        default: throw GantryError.invalid("unknown key: \(path)")
        }
    }
}

import DockerAPI
import Essentials

/// What a bake file in JSON says: targets, and groups of them. Source: docker buildx, bake reference.
struct BakeFile: Equatable {
    private(set) var groups: [String: [String]] = [:]
    private(set) var targets: [String: BakeTarget] = [:]

    init() {}

    /// - Parameter environment: variables of the file take their values from it.
    init(_ bytes: [UInt8], name: String, environment: [String: String]) throws {
        let value: JSONValue
        do { value = try EngineJSON.decode(JSONValue.self, from: bytes) } catch {
            throw GantryError.invalid(
                "`\(name)` is no JSON", cause: error, hint: "bake files in HCL are not read: write them as JSON")
        }
        guard case .object(let members) = value else { throw GantryError.invalid("`\(name)` is no object") }
        for key in members.keys.sorted() where !["group", "target", "variable"].contains(key) {
            throw GantryError.unsupported("`\(key)` in `\(name)` is not offered")
        }
        let variables = try Self.variables(members["variable"], environment)
        for (group, value) in try Self.object(members["group"], "group") {
            guard case .array(let names)? = value["targets"] else {
                throw GantryError.invalid("group `\(group)` has no list of targets")
            }
            groups[group] = try names.map { name in
                guard let text = name.string else { throw GantryError.invalid("group `\(group)` names something that is no text") }
                return text
            }
        }
        for (target, value) in try Self.object(members["target"], "target") {
            targets[target] = try BakeTarget(try Self.expanded(value, variables), name: target)
        }
    }

    private static func object(_ value: JSONValue?, _ what: String) throws -> [String: JSONValue] {
        switch value {
        case nil: return [:]
        case .object(let members)?: return members
        default: throw GantryError.invalid("`\(what)` is no object")
        }
    }

    private static func variables(_ value: JSONValue?, _ environment: [String: String]) throws -> [String: String] {
        try object(value, "variable").reduce(into: [:]) { result, item in
            let fallback: String? =
                switch item.value["default"] {
                case .string(let text)?: text
                case .bool(let flag)?: String(flag)
                case .integer(let number)?: String(number)
                case .number(let number)?: "\(number)"
                default: nil
                }
            result[item.key] = environment[item.key] ?? fallback ?? ""
        }
    }

    /// Texts with `${NAME}` put in; `$${` stands for itself.
    private static func expanded(_ value: JSONValue, _ variables: [String: String]) throws -> JSONValue {
        switch value {
        case .string(let text): return .string(try expanded(text, variables))
        case .array(let items): return .array(try items.map { try expanded($0, variables) })
        case .object(let members): return .object(try members.mapValues { try expanded($0, variables) })
        case .null, .bool, .integer, .number: return value
        }
    }

    static func expanded(_ text: String, _ variables: [String: String]) throws -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstRange(of: "${") {
            if rest[..<dollar.lowerBound].hasSuffix("$") {
                result += rest[..<dollar.lowerBound].dropLast() + "${"
                rest = rest[dollar.upperBound...]
                continue
            }
            guard let end = rest[dollar.upperBound...].firstIndex(of: "}") else {
                throw GantryError.invalid("`\(text)`: the `${` has no end")
            }
            let name = String(rest[dollar.upperBound..<end]).trimmed
            guard let value = variables[name] else {
                let isName = name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
                throw isName
                    ? GantryError.invalid("`\(text)`: there is no variable `\(name)`")
                    : GantryError.unsupported("`${\(name)}`: expressions are not offered, only names of variables")
            }
            result += rest[..<dollar.lowerBound] + value
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    /// What a later file says goes before what an earlier one said.
    mutating func merge(_ later: BakeFile) {
        for (name, members) in later.groups { groups[name] = members }
        for (name, target) in later.targets { targets[name, default: BakeTarget()].merge(target) }
    }
}

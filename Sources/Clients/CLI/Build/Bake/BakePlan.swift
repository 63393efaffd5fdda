import DockerAPI
import Essentials

/// The targets that were asked for, with everything they inherit and what the command line sets, and those they stand on.
struct BakePlan: Equatable {
    /// In the order in which they were asked for.
    private(set) var wanted: [String] = []
    private(set) var groups: [String: [String]] = [:]
    /// The wanted ones and those that they name as contexts.
    private(set) var targets: [String: BakeTarget] = [:]

    /// - Parameters:
    ///   - names: of targets and groups; none for `default`.
    ///   - settings: texts of `--set`.
    init(_ file: BakeFile, names: [String], settings: [String]) throws {
        let asked = names.isEmpty ? ["default"] : names
        for name in asked { try add(name, file, []) }
        groups["default"] = asked == ["default"] ? file.groups["default"] ?? wanted : asked
        for name in asked where file.groups[name] != nil { groups[name] = file.groups[name] }
        var open = wanted
        while let name = open.popLast() {
            guard targets[name] == nil else { continue }
            let target = try Self.set(settings, name, try Self.resolve(name, file, []))
            targets[name] = target
            open += Self.dependencies(target)
        }
        try checkSettings(settings)
        for name in wanted { try checkCircle(name, []) }
    }

    private mutating func add(_ name: String, _ file: BakeFile, _ above: [String]) throws {
        guard !above.contains(name) else { throw GantryError.invalid("group `\(name)` holds itself") }
        if let members = file.groups[name] {
            for member in members { try add(member, file, above + [name]) }
        } else if file.targets[name] != nil {
            if !wanted.contains(name) { wanted.append(name) }
        } else {
            throw GantryError.invalid("failed to find target \(name)")
        }
    }

    /// A target with what it inherits: from the first to the last of its parents, then its own.
    private static func resolve(_ name: String, _ file: BakeFile, _ below: [String]) throws -> BakeTarget {
        guard !below.contains(name) else {
            throw GantryError.invalid("infinite loop from inheriting target \(name): " + (below + [name]).joined(separator: " → "))
        }
        guard let own = file.targets[name] else { throw GantryError.invalid("failed to find target \(name)") }
        var result = BakeTarget()
        for parent in own.list("inherits") { result.merge(try resolve(parent, file, below + [name])) }
        result.merge(own)
        result.remove("inherits")
        result.fill("context", ".")
        result.fill("dockerfile", "Dockerfile")
        return result
    }

    /// `pattern.key[.member]=value`, `+=` to add to a list; the first value of a list takes the place of the file's.
    private static func set(_ settings: [String], _ name: String, _ target: BakeTarget) throws -> BakeTarget {
        var target = target
        var seen: Set<String> = []
        for text in settings {
            let (pattern, key, value, appends) = try parts(text)
            guard matches(name, pattern) else { continue }
            try target.override(key, value, appends: appends || !seen.insert(key).inserted)
        }
        return target
    }

    private static func parts(_ text: String) throws -> (pattern: String, key: String, value: String, appends: Bool) {
        guard let equals = text.firstIndex(of: "="), let dot = text[..<equals].firstIndex(of: ".") else {
            throw GantryError.invalid("invalid override \(text), expected target.name=value")
        }
        var key = String(text[text.index(after: dot)..<equals])
        let appends = key.hasSuffix("+")
        if appends { key.removeLast() }
        return (String(text[..<dot]), key, String(text[text.index(after: equals)...]), appends)
    }

    private func checkSettings(_ settings: [String]) throws {
        for text in settings {
            let pattern = try Self.parts(text).pattern
            guard targets.keys.contains(where: { Self.matches($0, pattern) }) else {
                throw GantryError.invalid("could not find any target matching '\(pattern)'")
            }
        }
    }

    /// `*` stands for any letters.
    static func matches(_ name: String, _ pattern: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false).map(String.init)
        guard parts.count > 1 else { return name == pattern }
        guard name.hasPrefix(parts[0]) else { return false }
        var rest = name.dropFirst(parts[0].count)
        for part in parts[1..<(parts.count - 1)] where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(parts[parts.count - 1])
    }

    /// Targets whose results it has as contexts.
    static func dependencies(_ target: BakeTarget) -> [String] {
        target.map("contexts").values.compactMap { $0 }.filter { $0.hasPrefix("target:") }.map { String($0.dropFirst(7)) }.sorted()
    }

    private func checkCircle(_ name: String, _ below: [String]) throws {
        guard !below.contains(name) else {
            throw GantryError.invalid("infinite loop from contexts of target \(name): " + (below + [name]).joined(separator: " → "))
        }
        guard let target = targets[name] else { throw GantryError.invalid("failed to find target \(name)") }
        for other in Self.dependencies(target) { try checkCircle(other, below + [name]) }
    }

    /// Sets a field of every target that was asked for.
    mutating func change(_ change: (inout BakeTarget) -> Void) {
        for name in wanted {
            guard var target = targets[name] else { continue }
            change(&target)
            targets[name] = target
        }
    }

    /// As `--print` shows it.
    var json: JSONValue {
        .object([
            "group": .object(groups.mapValues { .object(["targets": .array($0.map(JSONValue.string))]) }),
            "target": .object(targets.mapValues(\.json)),
        ])
    }
}

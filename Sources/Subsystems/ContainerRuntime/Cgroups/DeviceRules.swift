internal import OCI

/// Which devices a container may use when its specification says little or nothing.
enum DeviceRules {
    typealias Rule = RuntimeSpecification.DeviceRule

    /// What programs expect of every container: null, zero, full, random, urandom, tty, console, ptmx, the terminals, and making
    /// device files (not opening them). Source: OCI runtime-spec, config-linux, Default Devices.
    static let standard: [Rule] =
        [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2)].map {
            Rule(allow: true, type: "c", major: $0.0, minor: $0.1)
        } + [
            Rule(allow: true, type: "c", major: 136), Rule(allow: true, type: "c", access: "m"),
            Rule(allow: true, type: "b", access: "m"),
        ]

    /// The rules in force. Where they begin with denying everything, or there are none, the standard devices are allowed next, so
    /// that later rules of the specification still have the last word.
    static func effective(_ rules: [Rule]?) -> [Rule] {
        let rules = rules ?? []
        guard let last = rules.lastIndex(where: isForEverything) else { return [Rule(allow: false)] + standard + rules }
        if rules[last].allow { return rules }
        return rules[...last] + standard.filter { !rules[last...].contains($0) } + rules[(last + 1)...]
    }

    /// v1 reads a rule of type `a` as one for everything, whatever else it says: other rules for both types become two.
    static func splitByType(_ rule: Rule) -> [Rule] {
        guard ["a", ""].contains(rule.type ?? "a"), !isForEverything(rule) else { return [rule] }
        return ["b", "c"].map { Rule(allow: rule.allow, type: $0, major: rule.major, minor: rule.minor, access: rule.access) }
    }

    static func isForEverything(_ rule: Rule) -> Bool {
        let access = rule.access ?? ""
        return ["a", ""].contains(rule.type ?? "a") && rule.major ?? -1 < 0 && rule.minor ?? -1 < 0
            && (access.isEmpty || "rwm".allSatisfy(access.contains))
    }
}

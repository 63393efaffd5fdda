/// Which checks count, and whether one that fires fails the build: `skip=A,B;error=true;experimental=C`, from the `check`
/// directive or the build argument BUILDKIT_DOCKERFILE_CHECK. Source: Dockerfile reference, check directive.
package struct CheckSettings: Sendable, Equatable {
    package struct ParseError: Error, Sendable, Equatable, CustomStringConvertible {
        package var description: String
    }

    package var skipped: Set<String> = []
    package var skipsAll = false
    package var experimental: Set<String> = []
    package var allowsAllExperimental = false
    /// A warning is an error.
    package var failsBuild = false

    package init() {}

    /// - Throws: ``ParseError`` for an option that does not exist or a value that is none.
    package init(_ text: String) throws(ParseError) {
        for part in text.split(separator: ";") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { ASCII.trim(String($0)) }
            guard pair.count == 2 else { throw ParseError(description: "invalid check option \"\(part)\"") }
            let names = pair[1].split(separator: ",").map { ASCII.trim(String($0)) }
            switch pair[0] {
            case "skip":
                skipsAll = skipsAll || names.contains("all")
                skipped.formUnion(names)
            case "experimental":
                allowsAllExperimental = allowsAllExperimental || names.contains("all")
                experimental.formUnion(names)
            case "error":
                guard ["true", "false", "1", "0"].contains(pair[1].lowercased()) else {
                    throw ParseError(description: "failed to parse check option \"error\": invalid value \"\(pair[1])\"")
                }
                failsBuild = ["true", "1"].contains(pair[1].lowercased())
            default: throw ParseError(description: "invalid check option \"\(pair[0])\"")
            }
        }
    }

    func allows(_ rule: CheckRule) -> Bool {
        if rule.isExperimental { return allowsAllExperimental || experimental.contains(rule.rawValue) }
        return !skipsAll && !skipped.contains(rule.rawValue)
    }
}

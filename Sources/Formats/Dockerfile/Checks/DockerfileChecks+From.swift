extension DockerfileChecks {
    /// Rules about FROM and the arguments before it.
    func fromRules() -> [DockerfileWarning] {
        var result: [DockerfileWarning] = []
        let globals = GlobalNames(file)
        for stage in file.stages {
            result += asCasing(stage)
            for text in [stage.from.image, stage.from.platform].compactMap({ $0 }) { result += undeclared(text, stage, globals) }
            result += defaultGivesNoImage(stage, globals)
            result += platform(stage)
        }
        return result
    }

    private var expander: VariableExpander { VariableExpander(escape: file.directives.escape) }

    private func asCasing(_ stage: ParsedDockerfile.Stage) -> [DockerfileWarning] {
        let words = stage.fromInstruction.text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard stage.from.name != nil, words.count >= 2, let from = words.first else { return [] }
        let word = words[words.count - 2]
        let fromIsLower = from == from.lowercased()
        guard word != (fromIsLower ? word.lowercased() : word.uppercased()) else { return [] }
        return [
            DockerfileWarning(
                .fromAsCasing, "'\(word)' and '\(from)' keywords' casing do not match", stage.fromInstruction.range)
        ]
    }

    private func undeclared(_ text: String, _ stage: ParsedDockerfile.Stage, _ globals: GlobalNames) -> [DockerfileWarning] {
        expander.plainUses(text) { _ in nil }.filter { !globals.all.contains($0) }.map { name in
            DockerfileWarning(
                .undefinedArgInFrom,
                "FROM argument '\(name)' is not declared\(Suggestion.text(name, among: globals.all.sorted()))",
                stage.fromInstruction.range)
        }
    }

    /// What remains of the image's name when every argument has its default.
    private func defaultGivesNoImage(_ stage: ParsedDockerfile.Stage, _ globals: GlobalNames) -> [DockerfileWarning] {
        let uses = expander.plainUses(stage.from.image) { _ in nil }
        guard !uses.isEmpty, uses.allSatisfy(globals.all.contains) else { return [] }
        let name: String
        do throws(VariableExpander.Failure) { name = try expander.word(stage.from.image) { globals.defaults[$0] } } catch {
            return []
        }
        guard !Self.looksLikeImage(name) else { return [] }
        return [
            DockerfileWarning(
                .invalidDefaultArgInFrom,
                "Default value for ARG \(stage.from.image) results in empty or invalid base image name",
                stage.fromInstruction.range)
        ]
    }

    /// `[registry/]name[:tag][@digest]`, roughly.
    private static func looksLikeImage(_ name: String) -> Bool {
        let last = name.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? ""
        guard let first = name.first, first.isLetter || first.isNumber, !last.isEmpty, name.last != ":", name.last != "@" else {
            return false
        }
        let repository = last.prefix { $0 != ":" && $0 != "@" }
        return !repository.isEmpty && repository == repository.lowercased() && !name.contains("//")
            && name.utf8.allSatisfy { $0 > 32 && $0 < 127 }
    }

    private func platform(_ stage: ParsedDockerfile.Stage) -> [DockerfileWarning] {
        guard let text = stage.from.platform else { return [] }
        let range = stage.fromInstruction.range
        if text == "$TARGETPLATFORM" || text == "${TARGETPLATFORM}" {
            return [
                DockerfileWarning(
                    .redundantTargetPlatform,
                    "Setting platform to predefined \(text) in FROM is redundant as this is the default behavior", range)
            ]
        }
        guard !text.contains("$") else { return [] }
        // A stage named after a platform says what it is for.
        let parts = text.lowercased().split(separator: "/").map(String.init)
        if let name = stage.name, parts.contains(where: name.contains) { return [] }
        return [
            DockerfileWarning(
                .fromPlatformFlagConstDisallowed, "FROM --platform flag should not use constant value \"\(text)\"", range)
        ]
    }
}

/// Names that are there before the first FROM.
struct GlobalNames {
    /// Of the target and build platforms.
    static let platforms = [
        "TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT", "BUILDPLATFORM", "BUILDOS", "BUILDARCH", "BUILDVARIANT",
        "TARGETSTAGE",
    ]

    var all: Set<String>
    /// Values without any `--build-arg`.
    var defaults: [String: String] = [:]

    init(_ file: ParsedDockerfile) {
        all = Set(Self.platforms)
        let expander = VariableExpander(escape: file.directives.escape)
        for instruction in file.globalArguments {
            guard case .arg(let declarations) = instruction.body else { continue }
            for declaration in declarations {
                all.insert(declaration.name)
                guard let text = declaration.defaultValue else { continue }
                let known = defaults
                do throws(VariableExpander.Failure) {
                    defaults[declaration.name] = try expander.word(text) { known[$0] }
                } catch { continue }
            }
        }
    }
}

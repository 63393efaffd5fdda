/// Looks for what is allowed in a Dockerfile but rarely meant.
package struct DockerfileChecks: Sendable {
    package var file: ParsedDockerfile
    package var settings: CheckSettings
    /// `--build-arg` and predefined values, by name.
    package var arguments: [String: String] = [:]
    /// What the context leaves out.
    package var ignored = IgnoreFile()
    /// Variables that the base image of a stage sets, by stage; what a stage without an entry inherits is not known, so
    /// nothing is said about its variables.
    package var baseVariables: [Int: Set<String>] = [:]

    /// - Throws: ``CheckSettings/ParseError`` for a directive that cannot be read.
    package init(_ file: ParsedDockerfile, settings override: String? = nil) throws(CheckSettings.ParseError) {
        self.file = file
        settings =
            try (override ?? file.directives.check).map { text throws(CheckSettings.ParseError) in try CheckSettings(text) }
            ?? CheckSettings()
    }

    /// What was found, in order of lines.
    package func warnings() -> [DockerfileWarning] {
        var found = file.warnings
        found += casing() + fromRules() + descriptions()
        for stage in file.stages { for step in stage.instructions { found += instructionRules(step) } }
        found += WorkdirCheck.warnings(file) + VariableCheck(checks: self).warnings()
        var seen: Set<DockerfileWarning> = []
        return found.filter { settings.allows($0.rule) && seen.insert($0).inserted }.enumerated()
            .sorted { ($0.element.range.first, $0.offset) < ($1.element.range.first, $1.offset) }.map(\.element)
    }

    private var all: [Instruction] { file.globalArguments + file.stages.flatMap { [$0.fromInstruction] + $0.instructions } }

    // MARK: How it is written

    private func casing() -> [DockerfileWarning] {
        func word(_ instruction: Instruction) -> String { String(instruction.text.prefix { !$0.isWhitespace }) }
        let words = all.map { ($0, word($0)) }
        let lower = words.filter { $0.1 == $0.1.lowercased() }.count
        let upper = words.filter { $0.1 == $0.1.uppercased() }.count
        let majorityIsLower = lower > upper
        return words.compactMap { instruction, word in
            guard word != (majorityIsLower ? word.lowercased() : word.uppercased()) else { return nil }
            let wanted = majorityIsLower ? "lowercase" : "uppercase"
            return DockerfileWarning(
                .consistentInstructionCasing, "Command '\(word)' should match the case of the command majority (\(wanted))",
                instruction.range)
        }
    }

    private func instructionRules(_ step: Instruction) -> [DockerfileWarning] {
        switch step.body {
        case .env(let pairs): return pairs.compactMap { secret("ENV", $0.key, step) }
        case .arg(let declarations): return declarations.compactMap { secret("ARG", $0.name, step) }
        case .expose(let words): return words.flatMap { expose($0, step) }
        case .copy(let copy) where copy.from == nil: return copy.sources.compactMap { ignoredSource($0, "Copy", step) }
        case .add(let add): return add.sources.compactMap { ignoredSource($0, "Add", step) }
        default: return []
        }
    }

    /// Names in which a secret is likely. Source: build checks reference, SecretsUsedInArgOrEnv.
    private func secret(_ keyword: String, _ name: String, _ step: Instruction) -> DockerfileWarning? {
        let words = name.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
        let telling: Set<String> = [
            "apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token",
        ]
        // A public key is none.
        guard !words.contains("public"), words.contains(where: telling.contains) else { return nil }
        return DockerfileWarning(
            .secretsUsedInArgOrEnv, "Do not use ARG or ENV instructions for sensitive data (\(keyword) \"\(name)\")", step.range)
    }

    private func expose(_ word: String, _ step: Instruction) -> [DockerfileWarning] {
        var result: [DockerfileWarning] = []
        let parts = word.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        if parts.count == 2, !parts[1].contains("$"), parts[1] != parts[1].lowercased() {
            result.append(
                DockerfileWarning(
                    .exposeProtoCasing, "Defined protocol '\(word)' in EXPOSE instruction should be lowercase", step.range))
        }
        if parts[0].contains(":"), !parts[0].contains("$") {
            result.append(
                DockerfileWarning(
                    .exposeInvalidFormat,
                    "EXPOSE instruction should not define an IP address or host-port mapping, found '\(word)'", step.range))
        }
        return result
    }

    private func ignoredSource(_ source: String, _ verb: String, _ step: Instruction) -> DockerfileWarning? {
        guard !source.contains("$"), !source.contains("://"), !source.hasPrefix("git@") else { return nil }
        let path = CleanPath.relative(source)
        guard !path.isEmpty, ignored.ignores(path) else { return nil }
        return DockerfileWarning(
            .copyIgnoredFile, "Attempting to \(verb) file \"\(source)\" that is excluded by .dockerignore", step.range)
    }

    // MARK: Descriptions

    private func descriptions() -> [DockerfileWarning] {
        var result: [DockerfileWarning] = []
        for stage in file.stages { if let name = stage.from.name { result += description(name, stage.fromInstruction) } }
        for instruction in all {
            guard case .arg(let declarations) = instruction.body, let name = declarations.first?.name else { continue }
            result += description(name, instruction)
        }
        return result
    }

    private func description(_ name: String, _ instruction: Instruction) -> [DockerfileWarning] {
        guard let comment = instruction.comments.last, DockerfileOutline.description(of: name, instruction) == nil,
            !comment.isEmpty
        else { return [] }
        return [
            DockerfileWarning(
                .invalidDefinitionDescription,
                "Comment for \(instruction.keyword == "FROM" ? "build stage" : "build arg") should follow the format: `# \(name) <description>`",
                instruction.range)
        ]
    }
}

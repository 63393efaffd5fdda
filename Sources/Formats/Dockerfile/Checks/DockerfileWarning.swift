/// Advice about a Dockerfile that does not stop a build. Source: Dockerfile checks.
package struct DockerfileWarning: Sendable, Hashable {
    package var rule: CheckRule
    package var message: String
    package var range: SourceRange

    package init(_ rule: CheckRule, _ message: String, _ range: SourceRange) {
        self.rule = rule
        self.message = message
        self.range = range
    }

    static func ofLine(_ line: LogicalLine, _ instruction: Instruction) -> [DockerfileWarning] {
        var result: [DockerfileWarning] = []
        if line.hasEmptyContinuation {
            result.append(
                DockerfileWarning(.noEmptyContinuation, "Empty continuation line in: \(instruction.keyword)", line.range))
        }
        switch instruction.body {
        case .maintainer:
            result.append(
                DockerfileWarning(
                    .maintainerDeprecated,
                    "Maintainer instruction is deprecated in favor of using label", line.range))
        case .env(let pairs) where pairs.contains(where: \.isLegacyForm),
            .label(let pairs) where pairs.contains(where: \.isLegacyForm):
            result.append(
                DockerfileWarning(
                    .legacyKeyValueFormat,
                    "\"\(instruction.keyword) key=value\" should be used instead of legacy \"\(instruction.keyword) key value\" format",
                    line.range))
        case .from(let from):
            if let name = from.name, name != name.lowercased() {
                result.append(DockerfileWarning(.stageNameCasing, "Stage name '\(name)' should be lowercase", line.range))
            }
            if let name = from.name?.lowercased(), name == "scratch" || name == "context" {
                result.append(
                    DockerfileWarning(
                        .reservedStageName, "Stage name should not use the same name as reserved stage \"\(name)\"", line.range))
            }
        default: break
        }
        return result
    }

    static func ofFile(_ file: ParsedDockerfile) -> [DockerfileWarning] {
        var result: [DockerfileWarning] = []
        var seen: Set<String> = []
        for stage in file.stages {
            if let name = stage.name, !seen.insert(name).inserted {
                let range = stage.fromInstruction.range
                result.append(
                    DockerfileWarning(.duplicateStageName, "Duplicate stage name \"\(name)\", stage names should be unique", range)
                )
            }
            result += repeated(in: stage)
        }
        return result
    }

    /// CMD, ENTRYPOINT and HEALTHCHECK count only once in a stage; shell forms of the first two hide signals.
    private static func repeated(in stage: ParsedDockerfile.Stage) -> [DockerfileWarning] {
        var result: [DockerfileWarning] = []
        var last: [String: Instruction] = [:]
        var hasShell = false
        for instruction in stage.instructions {
            switch instruction.body {
            case .shell: hasShell = true
            case .cmd(.shell), .entrypoint(.shell):
                if !hasShell {
                    result.append(
                        DockerfileWarning(
                            .jsonArgsRecommended,
                            "JSON arguments recommended for \(instruction.keyword) to prevent unintended behavior related to OS signals",
                            instruction.range))
                }
            default: break
            }
            guard ["CMD", "ENTRYPOINT", "HEALTHCHECK"].contains(instruction.keyword) else { continue }
            if let earlier = last.updateValue(instruction, forKey: instruction.keyword) {
                result.append(
                    DockerfileWarning(
                        .multipleInstructionsDisallowed,
                        "Multiple \(instruction.keyword) instructions should not be used in the same stage because only the last one will be used",
                        earlier.range))
            }
        }
        return result
    }
}

/// Finds variables that nothing has defined where they are used.
struct VariableCheck {
    let checks: DockerfileChecks

    private static let alwaysThere: Set<String> = Set(
        ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"].flatMap { [$0, $0.lowercased()] } + ["PATH"])

    func warnings() -> [DockerfileWarning] {
        var result: [DockerfileWarning] = []
        /// Names at the end of each stage; nil when not known.
        var ends: [Set<String>?] = []
        for stage in checks.file.stages {
            var names = start(stage, ends)
            for step in stage.instructions { result += check(step, &names) }
            ends.append(names)
        }
        return result
    }

    private func start(_ stage: ParsedDockerfile.Stage, _ ends: [Set<String>?]) -> Set<String>? {
        if stage.from.image.lowercased() == "scratch" { return Self.alwaysThere }
        if let base = checks.file.stage(named: stage.from.image, before: stage.index) { return ends[base.index] }
        return checks.baseVariables[stage.index].map { $0.union(Self.alwaysThere) }
    }

    private func check(_ step: Instruction, _ names: inout Set<String>?) -> [DockerfileWarning] {
        var result: [DockerfileWarning] = []
        if let known = names {
            let expander = VariableExpander(escape: checks.file.directives.escape)
            var seen: Set<String> = []
            for text in Self.expandedTexts(step) {
                for name in expander.plainUses(text, { known.contains($0) ? "" : nil })
                where !known.contains(name) && seen.insert(name).inserted && name.first.map({ $0.isLetter || $0 == "_" }) == true {
                    let near = Suggestion.nearest(name, among: known.sorted()).map { " (did you mean $\($0)?)" } ?? ""
                    result.append(DockerfileWarning(.undefinedVar, "Usage of undefined variable '$\(name)'\(near)", step.range))
                }
            }
        }
        switch step.body {
        case .env(let pairs): names?.formUnion(pairs.map(\.key))
        case .arg(let declarations): names?.formUnion(declarations.map(\.name))
        default: break
        }
        return result
    }

    /// What the builder itself expands; a shell's variables are none of its business.
    private static func expandedTexts(_ step: Instruction) -> [String] {
        switch step.body {
        case .env(let pairs), .label(let pairs): return pairs.flatMap { [$0.key, $0.value] }
        case .arg(let declarations): return declarations.compactMap(\.defaultValue)
        case .copy(let copy), .add(let copy):
            return copy.sources + [copy.destination] + [copy.owner, copy.mode, copy.checksum].compactMap { $0 }
        case .expose(let words), .volume(let words): return words
        case .user(let text), .workdir(let text), .stopSignal(let text): return [text]
        case .run(let run): return run.mounts.map(\.text)
        default: return []
        }
    }
}

/// A relative WORKDIR means something only after an absolute one.
enum WorkdirCheck {
    static func warnings(_ file: ParsedDockerfile) -> [DockerfileWarning] {
        var result: [DockerfileWarning] = []
        var isSet: [Bool] = []
        for stage in file.stages {
            var known = file.stage(named: stage.from.image, before: stage.index).map { isSet[$0.index] } ?? false
            for step in stage.instructions {
                guard case .workdir(let path) = step.body else { continue }
                if path.hasPrefix("/") || path.hasPrefix("$") || path.hasPrefix("\"/") {
                    known = true
                } else if !known {
                    result.append(
                        DockerfileWarning(
                            .workdirRelativePath,
                            "Relative workdir \"\(path)\" can have unexpected results if the base image changes", step.range))
                }
            }
            isSet.append(known)
        }
        return result
    }
}

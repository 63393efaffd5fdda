/// What a Dockerfile offers to who builds it: `--call=outline` and `--call=targets`.
package enum DockerfileOutline {
    /// Arguments, secrets and ssh agents that a target takes.
    package struct Target: Sendable, Hashable, Codable {
        package struct Argument: Sendable, Hashable, Codable {
            package var name: String
            package var value: String
            package var description: String
        }

        package struct Requirement: Sendable, Hashable, Codable {
            package var name: String
            package var required: Bool
        }

        package var name: String
        package var description: String
        package var args: [Argument] = []
        package var secrets: [Requirement] = []
        package var ssh: [Requirement] = []
    }

    /// The stages.
    package struct Targets: Sendable, Hashable, Codable {
        package struct Item: Sendable, Hashable, Codable {
            /// Empty for a stage without a name.
            package var name: String
            package var isDefault: Bool
            package var description: String
            package var base: String
            package var platform: String

            enum CodingKeys: String, CodingKey {
                case name, description, base, platform
                case isDefault = "default"
            }
        }

        package var defaultName: String
        package var targets: [Item]

        enum CodingKeys: String, CodingKey {
            case targets
            case defaultName = "default"
        }
    }

    package static func targets(_ file: ParsedDockerfile) -> Targets {
        let items = file.stages.map { stage in
            Targets.Item(
                name: stage.from.name ?? "", isDefault: stage.index == file.stages.count - 1, description: description(stage),
                base: stage.from.image, platform: stage.from.platform ?? "")
        }
        return Targets(defaultName: file.stages.last?.from.name ?? "", targets: items)
    }

    /// - Parameters:
    ///   - stages: indexes of the stages that the target needs.
    ///   - given: `--build-arg`.
    package static func target(
        _ stage: ParsedDockerfile.Stage, of file: ParsedDockerfile, needing stages: [Int], given: [String: String]
    ) -> Target {
        var result = Target(name: stage.from.name ?? "", description: description(stage))
        let steps = stages.sorted().flatMap { file.stages[$0].instructions }
        let globals = GlobalNames(file).defaults
        for instruction in file.globalArguments + steps {
            switch instruction.body {
            case .arg(let declarations):
                for declaration in declarations { add(declaration, instruction, globals, given, &result.args) }
            case .run(let run):
                for mount in run.mounts where mount.kind == .secret {
                    add(mount.id ?? CleanPath.name(mount.target ?? ""), mount.isRequired, &result.secrets)
                }
                for mount in run.mounts where mount.kind == .ssh { add(mount.id ?? "default", mount.isRequired, &result.ssh) }
            default: break
            }
        }
        return result
    }

    private static func add(
        _ declaration: ArgumentDeclaration, _ instruction: Instruction, _ globals: [String: String], _ given: [String: String],
        _ list: inout [Target.Argument]
    ) {
        let text = description(of: declaration.name, instruction) ?? ""
        let value = given[declaration.name] ?? declaration.defaultValue ?? globals[declaration.name] ?? ""
        if let index = list.firstIndex(where: { $0.name == declaration.name }) {
            if list[index].description.isEmpty { list[index].description = text }
            if list[index].value.isEmpty { list[index].value = value }
        } else {
            list.append(Target.Argument(name: declaration.name, value: value, description: text))
        }
    }

    private static func add(_ name: String, _ required: Bool, _ list: inout [Target.Requirement]) {
        if let index = list.firstIndex(where: { $0.name == name }) {
            list[index].required = list[index].required || required
        } else {
            list.append(Target.Requirement(name: name, required: required))
        }
    }

    private static func description(_ stage: ParsedDockerfile.Stage) -> String {
        stage.from.name.flatMap { description(of: $0, stage.fromInstruction) } ?? ""
    }

    /// The comment `# name text` above an instruction.
    static func description(of name: String, _ instruction: Instruction) -> String? {
        guard let start = instruction.comments.lastIndex(where: { $0.hasPrefix(name + " ") }) else { return nil }
        let text = ([String(instruction.comments[start].dropFirst(name.count + 1))] + instruction.comments[(start + 1)...])
            .joined(separator: " ")
        return ASCII.trim(text)
    }
}

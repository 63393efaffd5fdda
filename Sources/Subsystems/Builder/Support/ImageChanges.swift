internal import Dockerfile
internal import Essentials
package import OCI

/// Dockerfile lines applied to an image's defaults, as `commit --change` and `import --change` ask for them.
package enum ImageChanges {
    private static let allowed: Set<String> = [
        "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "ONBUILD", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR", "SHELL",
    ]

    /// - Parameter lines: one instruction each: CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL ONBUILD STOPSIGNAL USER VOLUME WORKDIR.
    /// - Throws: `invalid` for anything else, with Docker's words.
    package static func apply(_ lines: [String], to defaults: ContainerDefaults) throws -> ContainerDefaults {
        guard !lines.isEmpty else { return defaults }
        for (index, line) in lines.enumerated() where index == 0 || !lines[index - 1].hasSuffix("\\") {
            let word = line.drop { $0.isWhitespace }.prefix { !$0.isWhitespace }.uppercased()
            guard word.isEmpty || word.hasPrefix("#") || allowed.contains(word) else {
                throw GantryError.invalid("\(word) is not a valid change command")
            }
        }
        let parsed: ParsedDockerfile
        do { parsed = try ParsedDockerfile("FROM scratch\n" + lines.joined(separator: "\n") + "\n") } catch {
            throw GantryError.invalid("\(error)", cause: nil)
        }
        guard parsed.stages.count == 1, let stage = parsed.stages.first else {
            throw GantryError.invalid("FROM is not a valid change command")
        }
        var result = defaults
        for instruction in stage.instructions { try apply(instruction, to: &result) }
        return result
    }

    private static func apply(_ instruction: Instruction, to result: inout ContainerDefaults) throws {
        let variables = Variables(environment: result.environment ?? [])
        func expand(_ text: String) throws -> String { try VariableExpander().word(text) { variables[$0] } }
        let shell = result.shell ?? ["/bin/sh", "-c"]
        func words(_ command: CommandForm) -> [String] {
            switch command {
            case .exec(let words): words
            case .shell(let text): text.isEmpty ? [] : shell + [text]
            }
        }
        switch instruction.body {
        case .cmd(let command): result.command = words(command)
        case .entrypoint(let command): result.entrypoint = words(command)
        case .env(let pairs):
            var environment = Variables(environment: result.environment ?? [])
            for pair in pairs { environment.set(try expand(pair.key), try expand(pair.value)) }
            result.environment = environment.texts
        case .label(let pairs):
            for pair in pairs {
                result.labels = (result.labels ?? [:]).merging([try expand(pair.key): try expand(pair.value)]) { _, new in new }
            }
        case .expose(let texts):
            for text in texts {
                for port in try ExposedPorts.parse(try expand(text)) {
                    result.exposedPorts = (result.exposedPorts ?? [:]).merging([port: .init()]) { old, _ in old }
                }
            }
        case .volume(let paths):
            for path in paths { result.volumes = (result.volumes ?? [:]).merging([try expand(path): .init()]) { old, _ in old } }
        case .user(let text): result.user = try expand(text)
        case .workdir(let text):
            let path = try expand(text)
            result.workingDirectory = path.hasPrefix("/") ? path : "\(result.workingDirectory ?? "")/\(path)"
        case .stopSignal(let text): result.stopSignal = try expand(text)
        case .shell(let words): result.shell = words
        case .onbuild(let text, _): result.onBuild = (result.onBuild ?? []) + [text]
        case .healthcheck(let check):
            var value = ContainerDefaults.Healthcheck(test: check.test)
            value.interval = check.interval
            value.timeout = check.timeout
            value.startPeriod = check.startPeriod
            value.startInterval = check.startInterval
            value.retries = check.retries
            result.healthcheck = value
        case .from, .run, .copy, .add, .arg, .maintainer:
            throw GantryError.invalid("\(instruction.keyword.lowercased()) is not a valid change command")
        }
    }
}

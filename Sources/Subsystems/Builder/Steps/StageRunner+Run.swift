internal import BuildGraph
internal import Dockerfile
internal import Essentials
internal import LinuxSystem
internal import OCI

extension StageRunner {
    mutating func run(_ run: RunArguments, _ step: Step) async throws -> Outcome {
        try checkEntitlements(run)
        if let device = run.devices.first { throw GantryError.unsupported("device `\(device)` cannot be given to a build") }
        let command = command(of: run)
        let mounts = try MountPlan(run.mounts, session, self)
        let network = run.network.map { $0 == "default" ? session.options.networkMode : $0 } ?? session.options.networkMode
        let history = history(command.arguments)
        let plain = plainIngredients(command.arguments, network, run)
        var shortcut: StepKey?
        if let origins = try await mounts.origins(step: step.id), case .build = session.options.call {
            let key = key(step, plain + origins, isLinked: false)
            if let hit = try await find(key) { return try await take(hit, key, nil, step, history, isLinked: false) }
            shortcut = key
        }
        let ingredients = plain + (try await mounts.ingredients(step: step.id))
        let isPlain =
            run.mounts.isEmpty && command.mounts.isEmpty && run.security != "insecure" && ["", "default"].contains(network)
        var request = RunRequest(
            arguments: command.arguments, environment: environment(mounts.environment), workingDirectory: state.workingDirectory,
            user: state.defaults.user ?? "", networkMode: network, extraHosts: session.options.extraHosts,
            hostname: session.globals.given["BUILDKIT_SANDBOX_HOSTNAME"] ?? "buildkitsandbox", limits: session.options.limits,
            mounts: command.mounts)
        request.isInsecure = run.security == "insecure"
        request.platform = state.config.platform
        let shared = session
        do {
            return try await layer(step, ingredients, history: history, shortcut: shortcut, followsText: isPlain) {
                [request] workspace in
                try await mounts.withMounts(step: step.id) { prepared in
                    var request = request
                    request.mounts += prepared
                    do {
                        try await Self.execute(request, in: workspace, shared, step: step.id)
                    } catch let failure as BuildFailure where failure.exitCode != nil && shared.options.keepsFailedStep {
                        let kept = try await shared.worker.keep(request.mounts + mounts.variableFiles)
                        throw FailedStep(failure: failure, mounts: kept)
                    }
                }
            }
        } catch let step as FailedStep {
            try await keepEntrance(request, step.mounts, agent: mounts.agentVariable)
            throw step.failure
        }
    }

    /// A failure on its way past the end of the step's mounts.
    private struct FailedStep: Error {
        var failure: BuildFailure
        var mounts: KeptMounts
    }

    /// An image of the state before the step, whose containers have what the step's process had in its environment.
    /// - Parameter agent: `SSH_AUTH_SOCK=…` where the step had an agent.
    private func keepEntrance(_ request: RunRequest, _ mounts: KeptMounts, agent: String?) async throws {
        var config = state.config
        var defaults = state.defaults
        // Secrets are not among the stage's variables, and do not get into the image.
        defaults.environment = state.variables.texts + (agent.map { [$0] } ?? [])
        defaults.entrypoint = nil
        defaults.command = state.shell.first.map { [$0] }
        defaults.workingDirectory = request.workingDirectory
        config.config = defaults
        config.created = state.createdAt ?? Timestamp.now().rfc3339
        let image = try await session.worker.createImage(config: config, chainID: state.chainID, tags: [])
        session.emit(.entrance(image, mounts))
    }

    /// More rights than the sandbox gives must have been granted on the command line.
    private func checkEntitlements(_ run: RunArguments) throws {
        var needed: [String] = []
        if run.security == "insecure" { needed.append("security.insecure") }
        if run.network == "host", session.options.networkMode != "host" { needed.append("network.host") }
        guard let missing = needed.first(where: { !session.options.entitlements.contains($0) }) else { return }
        throw GantryError.denied("\(missing) is not allowed", hint: "grant it with `--allow \(missing)`")
    }

    private static func execute(
        _ request: RunRequest, in workspace: StepWorkspace, _ session: BuildSession, step: Int
    ) async throws {
        let process = GoText.quoted(request.arguments.joined(separator: " "))
        let code: Int32
        do {
            code = try await session.worker.run(request, in: workspace) { stream, bytes in
                await session.gate.enter(bytes.count)
                session.emit(.output(id: step, stream: stream, bytes: bytes))
            }
        } catch let error as GantryError where error.kind != .cancelled {
            throw GantryError(
                error.kind, "process \(process) did not complete successfully: \(error.message)", cause: error.cause,
                hint: error.hint)
        }
        try Task.checkCancellation()
        guard code == 0 else {
            throw BuildFailure(
                .invalid("process \(process) did not complete successfully: exit code: \(code)"),
                classicMessage: "The command '\(request.arguments.joined(separator: " "))' returned a non-zero code: \(code)",
                exitCode: code)
        }
    }

    /// What is executed: a heredoc is the script itself, or is put back for the shell to read.
    private func command(of run: RunArguments) -> (arguments: [String], mounts: [StepMount]) {
        switch run.command {
        case .exec(let words): return (words, [])
        case .shell(let text):
            guard let first = run.heredocs.first else { return (state.shell + [text], []) }
            guard run.isScript else {
                let documents = run.heredocs.map { "\n" + $0.content + $0.name }.joined()
                return (state.shell + [text + documents], [])
            }
            guard first.text.hasPrefix("#!") else { return (state.shell + [first.text], []) }
            let path = "/dev/pipes/\(first.name)"
            return (state.shell + [path], [.file(PrivateFile(content: Array(first.text.utf8), target: path, mode: 0o755))])
        }
    }

    /// The image's variables, the stage's arguments, and proxies that no ARG or ENV has set.
    private func environment(_ secrets: [String]) -> [String] {
        var variables = state.variables
        var proxies = session.options.proxyVariables
        for (name, value) in session.globals.given where GlobalArguments.proxyNames.contains(name) { proxies[name] = value }
        for (name, value) in proxies.sorted(by: { $0.key < $1.key }) where variables[name] == nil {
            variables.set(name, value, isArgument: true)
        }
        return variables.texts + secrets
    }

    /// `RUN |1 X=arg /bin/sh -c echo # buildkit`.
    private func history(_ words: [String]) -> String {
        var order: [String] = []
        var values: [String: String] = [:]
        for argument in state.arguments {
            if values[argument.name] == nil { order.append(argument.name) }
            values[argument.name] = state.variables[argument.name] ?? argument.value ?? ""
        }
        var parts = order.isEmpty ? [] : ["|\(order.count)"]
        parts += order.map { "\($0)=\(values[$0] ?? "")" }
        return "RUN " + (parts + words).joined(separator: " ") + " # buildkit"
    }

    /// All but what is mounted.
    private func plainIngredients(_ words: [String], _ network: String, _ run: RunArguments) -> [Ingredient] {
        var result = [Ingredient(.instruction, "RUN", GoText.quotedList(words))]
        for entry in state.variables.entries {
            result.append(Ingredient(entry.isArgument ? .argument : .environment, entry.name, entry.value))
        }
        result.append(Ingredient(.directory, "directory", state.workingDirectory))
        result.append(Ingredient(.user, "user", state.defaults.user ?? ""))
        result.append(Ingredient(.network, "network", network.isEmpty ? "default" : network))
        let hosts = session.options.extraHosts.map { String($0.prefix { $0 != ":" && $0 != "=" }) }
        if !hosts.isEmpty { result.append(Ingredient(.setting, "add-host", hosts.sorted().joined(separator: " "))) }
        for limit in session.options.limits.ulimits {
            result.append(Ingredient(.setting, "ulimit \(limit.name)", "\(limit.soft):\(limit.hard)"))
        }
        if !session.options.limits.cgroupParent.isEmpty {
            result.append(Ingredient(.setting, "cgroup-parent", session.options.limits.cgroupParent))
        }
        if run.security == "insecure" { result.append(Ingredient(.setting, "security", "insecure")) }
        if let hostname = session.globals.given["BUILDKIT_SANDBOX_HOSTNAME"] {
            result.append(Ingredient(.setting, "hostname", hostname))
        }
        if let script = run.heredocs.first, run.isScript { result.append(Ingredient(.instruction, "script", script.text)) }
        return result
    }
}

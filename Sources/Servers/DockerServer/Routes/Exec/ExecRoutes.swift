internal import DockerAPI
internal import Engine
internal import Essentials

/// Commands in running containers. Source: Engine API 1.51, "Exec".
struct ExecRoutes {
    let containers: any ContainerOperations

    var all: [Route] {
        [
            Route("POST", "/containers/{name}/exec", create),
            Route("POST", "/exec/{name}/start", start),
            Route("POST", "/exec/{name}/resize") { request in
                try await containers.resizeExec(request.name(), to: try ConsoleSize(query: request.query))
                return .empty(200)
            },
            Route("GET", "/exec/{name}/json") { request in
                .json(ExecInspect(try await containers.execDetails(request.name())))
            },
        ]
    }

    @Sendable private func create(_ request: RequestContext) async throws -> Reply {
        let body = try await request.json(ExecCreateBody.self) ?? ExecCreateBody()
        var exec = ExecRequest(command: body.cmd ?? [])
        guard !exec.command.isEmpty else { throw GantryError.invalid("No exec command specified") }
        exec.environment = body.env
        exec.user = body.user
        exec.workingDirectory = body.workingDir
        exec.privileged = body.privileged
        exec.terminal = body.tty
        exec.attachStdin = body.attachStdin
        exec.attachStdout = body.attachStdout
        exec.attachStderr = body.attachStderr
        exec.detachKeys = body.detachKeys.isEmpty ? nil : body.detachKeys
        exec.consoleSize = ConsoleSize(rowsAndColumns: body.consoleSize)
        var response = IDResponse()
        response.id = try await containers.createExec(request.name(), exec)
        return .json(response, status: 201)
    }

    @Sendable private func start(_ request: RequestContext) async throws -> Reply {
        let body = try await request.json(ExecStartBody.self) ?? ExecStartBody()
        let id = request.name()
        let details = try await containers.execDetails(id)
        if body.detach {
            try await containers.startExecDetached(id)
            return .empty(200)
        }
        do {
            let session = try await containers.startExec(
                id, terminal: body.tty, consoleSize: ConsoleSize(rowsAndColumns: body.consoleSize))
            return AttachBridge.reply(session, version: request.version, stdin: details.request.attachStdin, sendsHeaders: true)
        } catch let error as GantryError where error.kind != .notFound {
            return AttachBridge.told(error, terminal: details.request.terminal, version: request.version)
        }
    }
}

extension ExecInspect {
    init(_ exec: ExecDetails) {
        self.init()
        id = exec.id
        running = exec.running
        exitCode = exec.exitCode.map(Int.init)
        processConfig.tty = exec.request.terminal
        processConfig.entrypoint = exec.request.command.first ?? ""
        processConfig.arguments = Array(exec.request.command.dropFirst())
        processConfig.privileged = exec.request.privileged
        processConfig.user = exec.request.user.isEmpty ? nil : exec.request.user
        openStdin = exec.request.attachStdin
        openStderr = exec.request.attachStderr
        openStdout = exec.request.attachStdout
        containerID = exec.containerID
        detachKeys = exec.request.detachKeys ?? ""
        pid = Int(exec.processID)
    }
}

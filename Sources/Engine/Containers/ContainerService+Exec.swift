import CLinux
import ContainerRuntime
import Essentials
import LinuxSystem
import OCI

extension ContainerService {
    func createExec(_ name: NameOrID, _ request: ExecRequest) async throws -> String {
        let container = try context.container(name)
        guard !request.command.isEmpty else { throw GantryError.invalid("No exec command specified") }
        _ = try DetachKeys(request.detachKeys)
        return try await container.createExec(request)
    }

    func startExec(_ id: String, terminal: Bool, consoleSize: ConsoleSize?) async throws -> any AttachSession {
        let (container, exec) = try await findExec(id)
        return try await container.startExec(exec, attached: true, consoleSize: consoleSize)
    }

    func startExecDetached(_ id: String) async throws {
        let (container, exec) = try await findExec(id)
        _ = try await container.startExec(exec, attached: false, consoleSize: nil)
    }

    func resizeExec(_ id: String, to size: ConsoleSize) async throws {
        let (_, exec) = try await findExec(id)
        // A client sends the size as soon as it has sent the start: wait for the process.
        _ = await exec.started.value(within: .seconds(10))
        guard let process = exec.process else { throw GantryError.conflict("exec \(id) is not running") }
        try await process.resize(columns: size.columns, rows: size.rows)
    }

    func execDetails(_ id: String) async throws -> ExecDetails {
        let (container, exec) = try await findExec(id)
        return ExecDetails(
            id: id, containerID: container.id, request: exec.request, running: exec.isRunning, exitCode: exec.exitCode,
            processID: exec.process?.processID ?? 0, opensStdin: exec.request.attachStdin)
    }

    private func findExec(_ id: String) async throws -> (Container, ExecInstance) {
        for container in context.allContainers {
            if let exec = await container.execs[id] { return (container, exec) }
        }
        throw GantryError.notFound("No such exec instance: \(id)")
    }
}

extension Container {
    /// Those that a client may still ask for, running ones only, as inspect shows them.
    var liveExecIDs: [String] { execs.values.filter(\.isRunning).map(\.id).sorted() }

    func createExec(_ request: ExecRequest) throws -> String {
        try requireRunning()
        // Ended ones are kept for clients that ask late; old ones go when there are many.
        if execs.count > 256 { execs = execs.filter { !$0.value.isLongOver } }
        let exec = ExecInstance(id: Identifier.random(), request: request)
        addExec(exec)
        publish("exec_create: \(exec.commandText)", ["execID": exec.id])
        return exec.id
    }

    private func requireRunning() throws {
        switch record.phase {
        case .running: return
        case .paused: throw GantryError.conflict("Container \(record.name) is paused, unpause the container before exec")
        case .restarting: throw GantryError.conflict("Container \(id) is restarting, wait until the container is running")
        default: throw GantryError.conflict("container \(id) is not running")
        }
    }

    func startExec(_ exec: ExecInstance, attached: Bool, consoleSize: ConsoleSize?) async throws -> any AttachSession {
        try requireRunning()
        guard case .running(let processID) = record.phase else { throw GantryError.conflict("container \(id) is not running") }
        try exec.beginStart()
        let request = exec.request
        publish("exec_start: \(exec.commandText)", ["execID": exec.id])
        do {
            let specification = try await ContainerPreparation.execProcess(
                request, record: record, context: context, processID: processID)
            let size = consoleSize ?? request.consoleSize
            var start = ExecStart(
                id: id, execID: exec.id, initProcessID: processID, process: specification.process,
                seccomp: specification.seccomp,
                stdio: StandardStreams(
                    terminal: request.terminal,
                    consoleSize: size.map { RuntimeSpecification.ConsoleSize(height: $0.rows, width: $0.columns) },
                    openStdin: request.attachStdin, stdinOnce: true), hold: attached)
            start.hasUserNamespace = try !UserNamespace.isOwn(context.runtime.open("ns/user", O_RDONLY, of: processID, in: id))
            let process = try await context.runtime.exec(start)
            return try await follow(exec, process, attached: attached)
        } catch {
            return try execFailed(exec, error, attached: attached)
        }
    }

    private func follow(_ exec: ExecInstance, _ process: ShimProcess, attached: Bool) async throws -> any AttachSession {
        let request = exec.request
        let live = Deferred<AttachedStreams?>()
        if attached {
            live.resolve(
                try await process.attach(stdin: request.attachStdin, stdout: request.attachStdout, stderr: request.attachStderr))
            try await process.release()
        } else {
            live.resolve(nil)
        }
        exec.runs(process)
        // Ends with the exec's process.
        Task {
            let exit = await process.waitForExit()
            exec.ended(exit.exitCode)
            self.publish("exec_die", ["execID": exec.id, "exitCode": "\(exit.exitCode)"])
        }
        return ExecSession(
            inner: ProcessAttachSession(terminal: request.terminal, live: live, keys: try DetachKeys(request.detachKeys)) {
                [weak self] in
                Task { await self?.publish("exec_detach", ["execID": exec.id]) }
            }, process: process, exec: exec)
    }

    /// Docker tells an attached client of a failed start through the output and the exit code.
    private func execFailed(_ exec: ExecInstance, _ error: any Error, attached: Bool) throws -> any AttachSession {
        let start = error as? ProcessStartError
        exec.ended(start.map { $0.kind == .notFound ? 127 : 126 } ?? 126)
        let own = start?.isWhole == true ? "" : "exec failed: unable to start container process: "
        let message = "OCI runtime exec failed: \(own)\(start?.message ?? "\(error)"): unknown"
        guard attached else { throw GantryError.invalid(message, cause: start == nil ? error : nil) }
        guard start != nil else { throw error }
        return ReplaySession(
            terminal: exec.request.terminal, chunks: [OutputChunk(kind: .stdout, bytes: Array((message + "\r\n").utf8))])
    }
}

/// An exec's session whose end means that the exit code is known: clients ask for it at once.
struct ExecSession: AttachSession {
    let inner: ProcessAttachSession
    let process: ShimProcess
    let exec: ExecInstance

    var terminal: Bool { inner.terminal }

    func next() async throws -> OutputChunk? {
        if let chunk = try await inner.next() { return chunk }
        if !inner.isDetached { exec.ended(await process.waitForExit().exitCode) }
        return nil
    }

    func write(_ bytes: [UInt8]) async throws { try await inner.write(bytes) }
    func closeInput() async throws { try await inner.closeInput() }
    func close() async { await inner.close() }
}

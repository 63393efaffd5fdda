import ContainerRuntime
import Essentials
import LinuxSystem
import Logging
import Networks
import OCI

extension Container {
    /// Starts the program, or throws and leaves the container as it was but for the recorded error.
    func start() async throws {
        try await gate.run { try await startExclusively() }
    }

    func startExclusively() async throws {
        switch record.phase {
        case .running: throw GantryError(.notModified, "container \(id) is already running")
        case .paused: throw GantryError.conflict("cannot start a paused container, try unpause instead")
        case .removing, .dead: throw GantryError.conflict("container is marked for removal and cannot be started")
        case .created, .exited, .restarting: break
        }
        do {
            try await begin()
        } catch {
            try await startFailed(error)
        }
    }

    private func begin() async throws {
        let preparation = try await ContainerPreparation.make(for: record, context: context)
        let held = hasWaitingAttachments
        let process: ShimProcess
        do {
            var request = ContainerStart(
                id: id, specification: preparation.specification, root: preparation.root, trees: preparation.trees,
                networkNamespace: preparation.namespace, stdio: preparation.stdio, log: preparation.log, hold: held)
            request.logService = preparation.logService
            process = try await context.runtime.start(request)
        } catch {
            await ContainerPreparation.undo(record, context: context)
            throw error
        }
        do {
            for attachment in takeWaitingAttachments() {
                let request = attachment.request
                attachment.live.resolve(
                    try await process.attach(stdin: request.stdin, stdout: request.stdout, stderr: request.stderr))
            }
            if held { try await process.release() }
        } catch {
            await ContainerPreparation.undo(record, context: context)
            try? context.runtime.forget(container: id)
            throw error
        }
        adopt(process)
        try change { record in
            record.phase = .running(processID: process.processID)
            record.run = ContainerRun()
            record.run.startedAt = .now()
            record.stoppedByUser = false
            record.ports = preparation.ports
        }
        publish("start")
        watch(process)
        startHealthChecks()
    }

    /// Waits for the end of the run in the background, as long as the daemon lives.
    func watch(_ process: ShimProcess) {
        // Both end with the process; the daemon's end leaves them behind without harm.
        Task { await self.ended(await process.waitForExit()) }
        Task { await self.heed(process) }
    }

    private func startFailed(_ error: any Error) async throws {
        for attachment in takeWaitingAttachments() { attachment.live.resolve(nil) }
        let failure = StartFailure(error)
        try change { record in
            if record.phase == .restarting { record.phase = .exited }
            record.run.error = failure.message
            record.run.exitCode = failure.exitCode
            record.run.finishedAt = record.run.startedAt == nil ? nil : .now()
        }
        logger.info("container did not start", metadata: ["error": "\(error)"])
        release(lastResult)
        if record.settings.host.autoRemove { try await removeExclusively(volumes: true) }
        throw failure.error
    }
}

/// What a failed start is told as: Docker's sentence and the exit code that its command line derives from it.
struct StartFailure {
    var message: String
    var exitCode: Int32
    var error: GantryError

    private static let prefix =
        "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: "

    init(_ error: any Error) {
        if let start = error as? ProcessStartError {
            let suffix = start.kind == .isDirectory ? ": unknown: permission denied" : ": unknown"
            message = Self.prefix + start.message + suffix
            exitCode = start.kind == .notFound ? 127 : start.kind == .other ? 128 : 126
            self.error = GantryError(.invalid, message)
        } else {
            message = "\(error)"
            exitCode = 128
            self.error = (error as? GantryError) ?? GantryError(.internal, "failed to start the container", cause: error)
        }
    }
}

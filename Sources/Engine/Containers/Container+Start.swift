import ContainerRuntime
import Essentials
import LinuxSystem
import Logging
import Networks
import OCI

extension Container {
    /// Starts the program, or throws and leaves the container as it was but for the recorded error.
    /// - Parameter checkpoint: what the program goes on from; nil: it begins.
    func start(from checkpoint: CheckpointPlace? = nil) async throws {
        try await gate.run {
            // A start by hand begins to count anew.
            try change { record in
                guard record.phase.processID == nil else { return }
                record.restartCount = 0
                record.history?.streak = 0
            }
            restartTask?.cancel()
            try await startExclusively(from: checkpoint)
        }
    }

    func startExclusively(from checkpoint: CheckpointPlace? = nil) async throws {
        switch record.phase {
        case .running: throw GantryError(.notModified, "container \(id) is already running")
        case .paused: throw GantryError.conflict("cannot start a paused container, try unpause instead")
        case .removing, .dead: throw GantryError.conflict("container is marked for removal and cannot be started")
        case .created, .exited, .restarting: break
        }
        let restore = try restoreRequest(checkpoint)
        do {
            try await begin(from: restore)
        } catch {
            try await startFailed(error)
        }
    }

    private func begin(from restore: RestoreRequest?) async throws {
        let preparation = try await ContainerPreparation.make(for: record, context: context)
        let held = hasWaitingAttachments
        let process: ShimProcess
        do {
            var request = ContainerStart(
                id: id, specification: preparation.specification, root: preparation.root, trees: preparation.trees,
                networkNamespace: preparation.namespace, stdio: preparation.stdio, log: preparation.log, hold: held)
            request.logService = preparation.logService
            request.userNamespace = preparation.userNamespace
            request.idMappings = preparation.idMappings
            request.runtime = try RuntimeChoice.runtime(record.settings.host.runtime, context.configuration)
            request.isPrepared = request.runtime == nil
            request.restore = restore
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
        await context.namespaces.refill()
        await publishAttachments(began: true)
        try change { record in
            record.phase = .running(processID: process.processID)
            record.run = ContainerRun()
            record.run.startedAt = .now()
            record.run.appArmorProfile = preparation.specification.process?.apparmorProfile
            record.stoppedByUser = false
            record.ports = preparation.ports
            var history = record.history ?? EndHistory()
            history.request = nil
            history.bootID = HostInformation.bootID()
            record.history = history
        }
        publish("start")
        watch(process)
        startHealthChecks(resuming: false)
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
            var end = ContainerEnd(cause: .startFailed, startedAt: nil, finishedAt: .now(), exitCode: failure.exitCode)
            end.failure = failure.step
            var history = record.history ?? EndHistory()
            history.add(end)
            record.history = history
        }
        logger.info("container did not start", metadata: ["error": "\(error)"])
        release(lastResult)
        if record.settings.host.autoRemove { try await removeExclusively(volumes: true) }
        throw failure.error
    }
}

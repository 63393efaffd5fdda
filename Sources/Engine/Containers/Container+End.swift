import ContainerRuntime
import Essentials
import Logging

extension Container {
    /// The program has ended: takes down what the run needed, records it and tells everybody.
    func ended(_ exit: ExitRecord) async {
        await ContainerPreparation.undo(record, context: context)
        stopHealthChecks()
        let startedAt = record.run.startedAt
        do {
            try context.runtime.forget(container: id)
        } catch {
            logger.warning(
                "leftovers of the container's run stay until the next start of the daemon", metadata: ["error": "\(error)"])
        }
        let delay = restartDelay(after: exit)
        do {
            try change { record in
                record.phase = delay == nil ? .exited : .restarting
                record.run.exitCode = exit.exitCode
                record.run.outOfMemory = exit.outOfMemory
                record.run.finishedAt = exit.finishedAt
                if exit.isLost { record.run.error = "the container was lost: the host restarted or its shim was killed" }
                record.ports = [:]
                if delay != nil { record.restartCount += 1 }
            }
        } catch {
            logger.error("the end of the container could not be recorded", metadata: ["error": "\(error)"])
        }
        if exit.outOfMemory { publish("oom") }
        let seconds = startedAt.map { max(0, exit.finishedAt.seconds - $0.seconds) } ?? 0
        publish("die", ["exitCode": "\(exit.exitCode)", "execDuration": "\(seconds)"])
        release(lastResult)
        if let delay { return scheduleRestart(after: delay) }
        if record.settings.host.autoRemove, record.phase == .exited { await removeAutomatically() }
    }

    private func removeAutomatically() async {
        do {
            try await gate.run {
                guard record.phase == .exited else { return }
                try await removeExclusively(volumes: true)
            }
        } catch {
            logger.error("the container could not be removed after its end", metadata: ["error": "\(error)"])
        }
    }

    /// nil: the restart policy leaves the container as it ended.
    ///
    /// 100 ms, doubled with each restart up to a minute; from the start again when a run lasted 10 seconds.
    /// Source: `cli.md` §2.2, restart policy.
    private func restartDelay(after exit: ExitRecord) -> Duration? {
        guard !record.stoppedByUser else { return nil }
        let policy = record.settings.host.restartPolicy
        switch policy.name {
        case .no: return nil
        case .onFailure:
            guard exit.exitCode != 0, policy.maximumRetryCount == 0 || record.restartCount < policy.maximumRetryCount else {
                return nil
            }
        case .always, .unlessStopped: break
        }
        let lasted = exit.finishedAt.nanoseconds - (record.run.startedAt?.nanoseconds ?? exit.finishedAt.nanoseconds)
        restartStreak = lasted >= 10_000_000_000 ? 0 : restartStreak + 1
        return .milliseconds(min(60_000, 100 << min(restartStreak, 12)))
    }

    private func scheduleRestart(after delay: Duration) {
        // Held in restartTask; stop, remove and a start by hand cancel it.
        setRestartTask(
            Task {
                try? await Task.sleep(for: delay)
                guard !Task.isCancelled else { return }
                do {
                    try await self.gate.run {
                        guard self.record.phase == .restarting else { return }
                        try await self.startExclusively()
                    }
                } catch {
                    self.logger.warning("restart failed", metadata: ["error": "\(error)"])
                }
            })
    }

    /// Sends the stop signal, waits, then kills.
    /// - Parameter timeout: seconds; -1 for ever; nil for the container's own or 10.
    func stop(signal: String?, timeout: Int?) async throws {
        try await gate.run { try await stopExclusively(signal: signal, timeout: timeout) }
    }

    func stopExclusively(signal: String?, timeout: Int?) async throws {
        if record.phase == .restarting {
            restartTask?.cancel()
            try change { record in
                record.phase = .exited
                record.stoppedByUser = true
            }
            publish("stop")
            return
        }
        guard record.phase.processID != nil, let process else {
            throw GantryError(.notModified, "container \(id) is not running")
        }
        let number = try SignalNumber.parse(signal ?? record.settings.stopSignal ?? "TERM")
        try change { $0.stoppedByUser = true }
        if case .paused = record.phase { try await thawExclusively() }
        let over = nextExit
        publish("kill", ["signal": "\(number)"])
        try await process.signal(number)
        let seconds = timeout ?? record.settings.stopTimeout ?? 10
        if seconds >= 0, await !over.value(within: .seconds(seconds)) {
            publish("kill", ["signal": "9"])
            try await process.signal(SignalNumber.kill)
        }
        _ = await over.value()
        publish("stop")
    }

    func kill(signal: String?) async throws {
        let number = try SignalNumber.parse(signal ?? "KILL")
        guard let process, record.phase.processID != nil else {
            throw GantryError.conflict("cannot kill container: \(record.name): container \(id) is not running")
        }
        let stops = number == SignalNumber.kill || number == (try? SignalNumber.parse(record.settings.stopSignal ?? "TERM"))
        if stops { try change { $0.stoppedByUser = true } }
        let over = nextExit
        try await process.signal(number)
        publish("kill", ["signal": "\(number)"])
        // Docker answers a SIGKILL when the container is down, so that a following `rm` works.
        if number == SignalNumber.kill {
            if case .paused = record.phase { try await thawExclusively() }
            _ = await over.value(within: .seconds(10))
        }
    }

    func pause() async throws {
        try await gate.run {
            switch record.phase {
            case .running(let pid):
                try await context.runtime.cgroups.freeze(id)
                try change { $0.phase = .paused(processID: pid) }
                publish("pause")
            case .paused: throw GantryError.conflict("container \(id) is already paused")
            case .restarting: throw GantryError.conflict("container \(id) is restarting, wait until the container is running")
            default: throw GantryError.conflict("container \(id) is not running")
            }
        }
    }

    func unpause() async throws {
        try await gate.run {
            guard case .paused = record.phase else { throw GantryError.internal("Container \(id) is not paused") }
            try await thawExclusively()
            publish("unpause")
        }
    }

    private func thawExclusively() async throws {
        guard case .paused(let pid) = record.phase else { return }
        try await context.runtime.cgroups.thaw(id)
        try change { $0.phase = .running(processID: pid) }
    }
}

import ContainerRuntime
import Essentials
import Logging

extension Container {
    /// The program has ended: takes down what the run needed, records it and tells everybody.
    /// - Parameter isLost: nothing was left of the run when the daemon came back; found out here when not said.
    func ended(_ exit: ExitRecord, isLost: Bool = false) async {
        await publishAttachments(began: false)
        await ContainerPreparation.undo(record, context: context)
        stopHealthChecks()
        var end = await describe(exit, isLost: isLost)
        let next = restartDecision(after: exit).next
        end.restartDelay = next?.delay
        // Its end is not recorded: a daemon that is killed before it is gone finds the shim's record, and removes it again.
        let goes = next == nil && record.settings.host.autoRemove
        do {
            try change(kept: !goes) { record in
                record.phase = next == nil ? goes ? .removing : .exited : .restarting
                record.run.exitCode = exit.exitCode
                record.run.outOfMemory = exit.outOfMemory
                record.run.finishedAt = exit.finishedAt
                if end.cause == .hostRestarted || end.cause == .shimLost { record.run.error = EndSentence(end).text }
                record.ports = [:]
                if next != nil { record.restartCount += 1 }
                var history = record.history ?? EndHistory()
                history.add(end)
                history.streak = next?.streak ?? 0
                record.history = history
            }
        } catch {
            logger.error("the end of the container could not be recorded", metadata: ["error": "\(error)"])
        }
        // After the record: until then the shim's own is the only one, for a daemon that is killed here.
        if !goes { forgetRun() }
        if exit.outOfMemory { publish("oom") }
        let seconds = end.startedAt.map { max(0, exit.finishedAt.seconds - $0.seconds) } ?? 0
        publish("die", ["exitCode": "\(exit.exitCode)", "execDuration": "\(seconds)"])
        release(lastResult)
        if let next { return scheduleRestart(after: .milliseconds(next.delay)) }
        if goes { await removeAutomatically() }
    }

    /// Takes away what the runtime keeps of the run.
    func forgetRun() {
        do { try context.runtime.forget(container: id) } catch {
            logger.warning(
                "leftovers of the container's run stay until the next start of the daemon", metadata: ["error": "\(error)"])
        }
    }

    /// What is known of an end; asked before the run's state and control group go.
    private func describe(_ exit: ExitRecord, isLost: Bool) async -> ContainerEnd {
        let request = record.history?.request
        var isLost = isLost || exit.isLost
        if !isLost, exit.signal == SignalNumber.kill, request == nil, !exit.outOfMemory {
            // A shim that is killed writes no exit record, and its container ends with it.
            if case .lost? = try? await context.runtime.reconnect(container: id) { isLost = true }
        }
        let verdict = EndVerdict(
            exitCode: exit.exitCode, signal: exit.signal, outOfMemory: exit.outOfMemory, request: request, isLost: isLost,
            sameBoot: record.history?.bootID == HostInformation.bootID())
        var end = ContainerEnd(
            cause: verdict.cause, startedAt: record.run.startedAt, finishedAt: exit.finishedAt, exitCode: exit.exitCode)
        end.signal = exit.signal
        end.outOfMemory = exit.outOfMemory
        end.request = request
        if exit.outOfMemory {
            end.memoryLimit = record.settings.host.resources.memory
            // The counters are gone with the group when somebody else removed it: then the peak is not known.
            end.memoryPeak = (try? context.runtime.cgroups.statistics(id)).map { Int64(clamping: $0.memoryMaximumUsage) } ?? 0
        }
        return end
    }

    /// Notes what a client asks for, so that the end can be told as what it was.
    func note(_ action: String, signal: Int32, meansEnd: Bool) throws {
        try change { record in
            var history = record.history ?? EndHistory()
            let request = EndRequest(action: action, signal: signal, client: Caller.client, at: .now(), meansEnd: meansEnd)
            // A signal that only informs does not hide that an end was asked for.
            if meansEnd || history.request?.meansEnd != true { history.request = request }
            record.history = history
            if meansEnd { record.stoppedByUser = true }
        }
    }

    private func removeAutomatically() async {
        do {
            try await gate.run { try await removeExclusively(volumes: true, afterRun: true) }
        } catch {
            logger.error("the container could not be removed after its end", metadata: ["error": "\(error)"])
        }
    }

    private func restartDecision(after exit: ExitRecord) -> RestartDecision {
        RestartDecision(
            policy: record.settings.host.restartPolicy, exitCode: exit.exitCode, restartCount: record.restartCount,
            stoppedByUser: record.stoppedByUser, streak: record.history?.streak ?? 0,
            lasted: exit.finishedAt.nanoseconds - (record.run.startedAt?.nanoseconds ?? exit.finishedAt.nanoseconds))
    }

    private func scheduleRestart(after delay: Duration) {
        // Held in restartTask; stop, remove and a start by hand cancel it.
        setRestartTask(
            Task {
                try? await Task.sleep(for: delay)
                guard !Task.isCancelled else { return }
                await self.awaitDonors()
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

    /// Containers whose namespaces this one takes, and that are being restarted as well, come first.
    private func awaitDonors() async {
        for name in SharedNamespaces.donors(record.settings.host) {
            // One that is gone, or that waits for this one in turn, is told by the start.
            guard let donor = try? context.container(name), donor.id != id,
                !SharedNamespaces.donors(await donor.record.settings.host).contains(id)
            else { continue }
            await donor.restartTask?.value
        }
    }

    /// Sends the stop signal, waits, then kills.
    /// - Parameter timeout: seconds; -1 for ever; nil for the container's own or 10.
    func stop(signal: String?, timeout: Int?) async throws {
        try await gate.run { try await stopExclusively(signal: signal, timeout: timeout) }
    }

    /// - Parameter action: what the client asked for, as it is recorded.
    func stopExclusively(signal: String?, timeout: Int?, action: String = "stop") async throws {
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
        let number = try signalNumber(signal ?? record.settings.stopSignal ?? "TERM", verb: "stop")
        try note(action, signal: number, meansEnd: true)
        if case .paused = record.phase { try await thawExclusively() }
        let over = nextExit
        publish("kill", ["signal": "\(number)"])
        try await Self.signal(process, number)
        let seconds = timeout ?? record.settings.stopTimeout ?? 10
        if seconds >= 0, await !over.value(within: .seconds(seconds)) {
            try change { $0.history?.request?.escalatedAt = .now() }
            publish("kill", ["signal": "9"])
            try await Self.signal(process, SignalNumber.kill)
        }
        _ = await over.value()
        publish("stop")
    }

    /// Without an error for a process that has just ended by itself: news of that are on their way.
    static func signal(_ process: ShimProcess, _ number: Int32) async throws {
        do { try await process.signal(number) } catch let error as GantryError where error.kind == .conflict {}
    }

    /// - Throws: `invalid` in Docker's words, which name the container.
    private func signalNumber(_ text: String, verb: String) throws(GantryError) -> Int32 {
        do { return try SignalNumber.parse(text) } catch {
            throw .invalid("cannot \(verb) container: \(record.name): \(error.message)")
        }
    }

    func kill(signal: String?) async throws {
        let number = try signalNumber(signal ?? "KILL", verb: "kill")
        guard let process, record.phase.processID != nil else {
            throw GantryError.conflict("cannot kill container: \(record.name): container \(id) is not running")
        }
        let stops = number == SignalNumber.kill || number == (try? SignalNumber.parse(record.settings.stopSignal ?? "TERM"))
        try note("kill", signal: number, meansEnd: stops)
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
                try await context.runtime.pause(id)
                try change { $0.phase = .paused(processID: pid) }
                publish("pause")
            case .paused: throw GantryError.conflict("Container \(id) is already paused")
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
        try await context.runtime.resume(id)
        try change { $0.phase = .running(processID: pid) }
    }
}

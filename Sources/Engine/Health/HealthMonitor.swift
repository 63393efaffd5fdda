import ContainerRuntime
import Dockerfile
import Essentials
import Logging
import OCI

extension Container {
    /// Probes the container's health for as long as it runs, when the image or user asks for it.
    /// - Parameter resuming: the daemon came back to a running container: what was known goes on.
    func startHealthChecks(resuming: Bool) {
        guard let check = record.settings.healthcheck,
            let command = HealthTiming.command(check, shell: record.settings.shell)
        else { return setHealth(nil) }
        if !resuming || record.health == nil { setHealth(ContainerHealth(status: .starting, failingStreak: 0, log: [])) }
        let timing = HealthTiming(check)
        let began = record.run.startedAt ?? .now()
        // Held in healthTask and cancelled at the end of the run.
        setHealthTask(
            Task {
                while !Task.isCancelled {
                    let age = Timestamp.now().nanoseconds - began.nanoseconds
                    let pause = timing.pause(age: age, status: self.record.health?.status ?? .starting)
                    try? await Task.sleep(for: .nanoseconds(pause))
                    if Task.isCancelled { return }
                    guard case .running = self.record.phase else { continue }
                    let probe = await self.probe(command, timeout: timing.timeout)
                    if Task.isCancelled { return }
                    self.take(probe, timing: timing, age: probe.startedAt.nanoseconds - began.nanoseconds)
                }
            })
    }

    /// A container that does not run is not healthy; its last results stay to be read.
    func stopHealthChecks() {
        healthTask?.cancel()
        setHealthTask(nil)
        guard var last = record.health else { return }
        if last.status == .starting || last.status == .healthy { last.status = .unhealthy }
        setHealth(last)
    }

    /// Takes a result into account; an event is published only when the status changes.
    private func take(_ probe: ContainerHealth.Probe, timing: HealthTiming, age: Int64) {
        guard let before = record.health else { return }
        let now = before.taking(probe, retries: timing.retries, inStartPeriod: age < timing.startPeriod)
        setHealth(now)
        if now.status != before.status { publish("health_status: \(now.status.rawValue)") }
    }

    private func setHealth(_ health: ContainerHealth?) {
        do { try change { $0.health = health } } catch {
            logger.error("the state of health could not be recorded", metadata: ["error": "\(error)"])
        }
    }

    private func probe(_ command: [String], timeout: Int64) async -> ContainerHealth.Probe {
        let startedAt = Timestamp.now()
        func result(_ code: Int, _ output: String) -> ContainerHealth.Probe {
            ContainerHealth.Probe(startedAt: startedAt, finishedAt: .now(), exitCode: code, output: output)
        }
        var request = ExecRequest(command: command)
        request.attachStdout = true
        request.attachStderr = true
        request.user = record.settings.user
        let exec = ExecInstance(id: Identifier.random(), request: request)
        publish("exec_create: \(exec.commandText)", ["execID": exec.id])
        do {
            let session = try await startExec(exec, attached: true, consoleSize: nil)
            let output = ProbeOutput()
            let finished = Deferred<Void>()
            let reader = Task {
                while let chunk = try? await session.next() { output.add(chunk.bytes) }
                finished.resolve(())
            }
            defer { reader.cancel() }
            if await finished.value(within: .nanoseconds(timeout)) {
                // A program that could not be started is told as an error, not as its own answer.
                return session is ReplaySession ? result(-1, output.text.trimmed) : result(Int(exec.exitCode ?? -1), output.text)
            }
            try await exec.process?.signal(SignalNumber.kill)
            await session.close()
            let said = output.text.isEmpty ? "" : ": \(output.text)"
            return result(-1, "Health check exceeded timeout (\(DurationText.render(timeout)))\(said)")
        } catch {
            return result(-1, "\(error)")
        }
    }
}

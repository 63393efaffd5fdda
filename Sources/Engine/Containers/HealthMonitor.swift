import ContainerRuntime
import Essentials
import OCI

extension Container {
    /// Probes the container's health for as long as it runs, when the image or user asks for it.
    /// Source: `cli.md` §2.2, health check.
    func startHealthChecks() {
        guard let check = record.settings.healthcheck, let test = check.test, let form = test.first, form != "NONE" else { return }
        let command =
            form == "CMD-SHELL" ? (record.settings.shell ?? ["/bin/sh", "-c"]) + test.dropFirst() : Array(test.dropFirst())
        guard !command.isEmpty else { return }
        setHealth(ContainerHealth(status: .starting, failingStreak: 0, log: []))
        let timing = HealthTiming(check)
        let began = Timestamp.now()
        // Held in healthTask and cancelled at the end of the run.
        setHealthTask(
            Task {
                while !Task.isCancelled {
                    let starting = Timestamp.now().nanoseconds - began.nanoseconds < timing.startPeriod
                    try? await Task.sleep(
                        for: .nanoseconds(starting ? min(timing.startInterval, timing.interval) : timing.interval))
                    if Task.isCancelled { return }
                    guard case .running = self.record.phase else { continue }
                    let probe = await self.probe(command, timeout: timing.timeout)
                    let inStartPeriod = probe.startedAt.nanoseconds - began.nanoseconds < timing.startPeriod
                    self.record(probe, retries: timing.retries, inStartPeriod: inStartPeriod)
                }
            })
    }

    func stopHealthChecks() {
        healthTask?.cancel()
        setHealthTask(nil)
        if var last = health {
            if last.status == .starting || last.status == .healthy { last.status = .unhealthy }
            setHealth(last)
        }
    }

    /// Takes a result into account; an event is published only when the status changes.
    private func record(_ probe: ContainerHealth.Probe, retries: Int, inStartPeriod: Bool) {
        guard !Task.isCancelled, var now = health else { return }
        let before = now.status
        now.log = Array((now.log + [probe]).suffix(5))
        if probe.exitCode == 0 {
            now.failingStreak = 0
            now.status = .healthy
        } else if !(inStartPeriod && before == .starting) {
            now.failingStreak += 1
            if now.failingStreak >= retries { now.status = .unhealthy }
        }
        setHealth(now)
        if now.status != before { publish("health_status: \(now.status.rawValue)") }
    }

    private func probe(_ command: [String], timeout: Int64) async -> ContainerHealth.Probe {
        let startedAt = Timestamp.now()
        var request = ExecRequest(command: command)
        request.attachStdout = true
        request.attachStderr = true
        request.user = record.settings.user
        do {
            let exec = ExecInstance(id: Identifier.random(), request: request)
            let session = try await startExec(exec, attached: true, consoleSize: nil)
            let reader = Task { try await Self.collect(session) }
            let finished = Deferred<String>()
            let waiter = Task {
                if let text = try? await reader.value { finished.resolve(text) }
            }
            defer { waiter.cancel() }
            guard await finished.value(within: .nanoseconds(timeout)) else {
                try await exec.process?.signal(SignalNumber.kill)
                await session.close()
                let text = "Health check exceeded timeout (\(Double(timeout) / 1e9)s)"
                return ContainerHealth.Probe(startedAt: startedAt, finishedAt: .now(), exitCode: -1, output: text)
            }
            return ContainerHealth.Probe(
                startedAt: startedAt, finishedAt: .now(), exitCode: Int(exec.exitCode ?? -1), output: finished.current ?? "")
        } catch {
            return ContainerHealth.Probe(startedAt: startedAt, finishedAt: .now(), exitCode: -1, output: "\(error)")
        }
    }

    /// At most 4096 bytes of what the probe says; the rest is read and dropped.
    private static func collect(_ session: any AttachSession) async throws -> String {
        var text: [UInt8] = []
        while let chunk = try await session.next() { text.append(contentsOf: chunk.bytes.prefix(4096 - text.count)) }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Defaults filled in, in nanoseconds.
private struct HealthTiming {
    let interval: Int64
    let timeout: Int64
    let startPeriod: Int64
    let startInterval: Int64
    let retries: Int

    init(_ check: ContainerDefaults.Healthcheck) {
        func value(_ given: Int64?, _ fallback: Int64) -> Int64 { given.flatMap { $0 > 0 ? $0 : nil } ?? fallback }
        interval = value(check.interval, 30_000_000_000)
        timeout = value(check.timeout, 30_000_000_000)
        startPeriod = value(check.startPeriod, 0)
        startInterval = value(check.startInterval, 5_000_000_000)
        retries = check.retries.flatMap { $0 > 0 ? $0 : nil } ?? 3
    }
}

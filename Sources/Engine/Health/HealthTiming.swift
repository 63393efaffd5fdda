import OCI

/// A health check's times with the defaults filled in, in nanoseconds. Source: `cli.md` §2.2, health check.
struct HealthTiming {
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

    /// Until the next probe. While a container is starting up, probes may come more often, never less.
    func pause(age: Int64, status: ContainerHealth.Status) -> Int64 {
        age < startPeriod && status == .starting ? min(startInterval, interval) : interval
    }

    /// What is run; nil when there is no check or it was switched off.
    static func command(_ check: ContainerDefaults.Healthcheck, shell: [String]?) -> [String]? {
        guard let test = check.test, let form = test.first, form != "NONE" else { return nil }
        let command = form == "CMD-SHELL" ? (shell ?? ["/bin/sh", "-c"]) + test.dropFirst() : Array(test.dropFirst())
        return command.isEmpty ? nil : command
    }
}

extension ContainerHealth {
    /// How many results are kept.
    static let logCapacity = 5

    /// The state after one more result. Failures while starting up do not count; a success always does.
    func taking(_ probe: Probe, retries: Int, inStartPeriod: Bool) -> ContainerHealth {
        var next = self
        next.log = Array((log + [probe]).suffix(Self.logCapacity))
        if probe.exitCode == 0 {
            next.failingStreak = 0
            next.status = .healthy
        } else if !(inStartPeriod && status == .starting) {
            next.failingStreak += 1
            if next.failingStreak >= retries { next.status = .unhealthy }
        }
        return next
    }
}

import Essentials
import OCI
import Testing

@testable import Engine

@Suite struct HealthTests {
    private func probe(_ code: Int) -> ContainerHealth.Probe {
        ContainerHealth.Probe(
            startedAt: Timestamp(seconds: 0), finishedAt: Timestamp(seconds: 1), exitCode: code, output: "\(code)")
    }

    private let starting = ContainerHealth(status: .starting, failingStreak: 0, log: [])

    @Test func failuresCountUpToTheRetries() {
        let once = starting.taking(probe(1), retries: 2, inStartPeriod: false)
        #expect(once.status == .starting && once.failingStreak == 1)
        let twice = once.taking(probe(1), retries: 2, inStartPeriod: false)
        #expect(twice.status == .unhealthy && twice.failingStreak == 2)
        let well = twice.taking(probe(0), retries: 2, inStartPeriod: false)
        #expect(well.status == .healthy && well.failingStreak == 0)
    }

    @Test func theStartPeriodForgivesUntilTheFirstSuccess() {
        let failed = starting.taking(probe(1), retries: 1, inStartPeriod: true)
        #expect(failed.status == .starting && failed.failingStreak == 0 && failed.log.count == 1)
        let well = failed.taking(probe(0), retries: 1, inStartPeriod: true)
        #expect(well.status == .healthy)
        #expect(well.taking(probe(1), retries: 1, inStartPeriod: true).status == .unhealthy)
    }

    @Test func fiveResultsAreKept() {
        var health = starting
        for code in 0..<8 { health = health.taking(probe(code), retries: 99, inStartPeriod: false) }
        #expect(health.log.map(\.exitCode) == [3, 4, 5, 6, 7])
    }

    @Test func outputIsBounded() {
        let output = ProbeOutput()
        output.add(Array(repeating: 97, count: 4000))
        output.add(Array(repeating: 98, count: 4000))
        #expect(output.text.utf8.count == ProbeOutput.limit)
        #expect(output.text.hasSuffix("b..."))
        let short = ProbeOutput()
        short.add(Array(repeating: 97, count: 4096))
        #expect(short.text == String(repeating: "a", count: 4096))
    }

    @Test func timing() {
        var check = ContainerDefaults.Healthcheck()
        check.test = ["CMD-SHELL", "true"]
        #expect(HealthTiming(check).interval == 30_000_000_000)
        #expect(HealthTiming(check).retries == 3)
        check.interval = 10_000_000_000
        check.startPeriod = 60_000_000_000
        check.startInterval = 1_000_000_000
        let timing = HealthTiming(check)
        #expect(timing.pause(age: 0, status: .starting) == 1_000_000_000)
        #expect(timing.pause(age: 0, status: .healthy) == 10_000_000_000)
        #expect(timing.pause(age: 61_000_000_000, status: .starting) == 10_000_000_000)
    }

    @Test func forms() {
        var check = ContainerDefaults.Healthcheck()
        check.test = ["CMD", "a", "b"]
        #expect(HealthTiming.command(check, shell: nil) == ["a", "b"])
        check.test = ["CMD-SHELL", "a b"]
        #expect(HealthTiming.command(check, shell: nil) == ["/bin/sh", "-c", "a b"])
        #expect(HealthTiming.command(check, shell: ["/bin/bash", "-c"]) == ["/bin/bash", "-c", "a b"])
        check.test = ["NONE"]
        #expect(HealthTiming.command(check, shell: nil) == nil)
    }
}

import ContainerRuntime
import Essentials
import LinuxSystem
import OCI
import Testing

@testable import Engine

@Suite struct EndVerdictTests {
    private func request(_ signal: Int32, meansEnd: Bool) -> EndRequest {
        EndRequest(action: "kill", signal: signal, client: "", at: Timestamp(seconds: 0), meansEnd: meansEnd)
    }

    private func cause(
        signal: Int32? = nil, oom: Bool = false, request: EndRequest? = nil, lost: Bool = false, sameBoot: Bool = true
    ) -> ContainerEnd.Cause {
        EndVerdict(exitCode: 0, signal: signal, outOfMemory: oom, request: request, isLost: lost, sameBoot: sameBoot).cause
    }

    @Test func tellsWhoEndedARun() {
        #expect(cause() == .exited)
        #expect(cause(signal: 11) == .signal)
        #expect(cause(signal: 9, oom: true) == .outOfMemory)
        #expect(cause(signal: 9, request: request(9, meansEnd: true)) == .requested)
        #expect(cause(request: request(15, meansEnd: true)) == .requested)
        #expect(cause(signal: 9, lost: true) == .shimLost)
        #expect(cause(lost: true, sameBoot: false) == .hostRestarted)
    }

    @Test func aSignalThatOnlyInformsExplainsNoOtherEnd() {
        #expect(cause(request: request(1, meansEnd: false)) == .exited)
        #expect(cause(signal: 9, request: request(1, meansEnd: false)) == .signal)
        #expect(cause(signal: 1, request: request(1, meansEnd: false)) == .requested)
    }

    @Test func aChildKilledForMemoryIsNotTheEndOfTheProgram() {
        #expect(cause(oom: true) == .exited)
        #expect(cause(signal: 11, oom: true) == .signal)
    }
}

@Suite struct EndHistoryTests {
    @Test func isBoundedAndForgetsTheRequest() {
        var history = EndHistory()
        for code in 0..<25 {
            history.request = EndRequest(action: "stop", signal: 15, client: "", at: Timestamp(seconds: 0), meansEnd: true)
            history.add(ContainerEnd(cause: .exited, startedAt: nil, finishedAt: Timestamp(seconds: 0), exitCode: Int32(code)))
        }
        #expect(history.ends.map(\.exitCode) == Array(15..<25))
        #expect(history.request == nil)
    }
}

@Suite struct RestartDecisionTests {
    private func decision(
        _ name: RestartPolicy.Name, most: Int = 0, code: Int32 = 1, count: Int = 0, stopped: Bool = false, streak: Int = 0,
        seconds: Int64 = 0
    ) -> RestartDecision {
        RestartDecision(
            policy: RestartPolicy(name: name, maximumRetryCount: most), exitCode: code, restartCount: count, stoppedByUser: stopped,
            streak: streak, lasted: seconds * 1_000_000_000)
    }

    @Test func delaysDoubleUpToAMinute() {
        var streak = 0
        var delays: [Int64] = []
        for _ in 0..<12 {
            guard let next = decision(.always, streak: streak).next else { break }
            delays.append(next.delay)
            streak = next.streak
        }
        #expect(delays == [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000])
    }

    @Test func aRunOfTenSecondsBeginsAnew() {
        #expect(decision(.always, streak: 9, seconds: 10).next?.delay == 100)
        #expect(decision(.always, streak: 9, seconds: 9).next?.delay == 51200)
    }

    @Test func policiesDecide() {
        #expect(decision(.no).next == nil)
        #expect(decision(.always, code: 0).next != nil)
        #expect(decision(.always, stopped: true).next == nil)
        #expect(decision(.unlessStopped, code: 0).next != nil)
        #expect(decision(.onFailure, code: 0).next == nil)
        #expect(decision(.onFailure, code: 1).next != nil)
        #expect(decision(.onFailure, most: 2, count: 1).next != nil)
        #expect(decision(.onFailure, most: 2, count: 2).next == nil)
    }

    @Test func theDaemonsStartAsksThePolicy() {
        func starts(_ name: RestartPolicy.Name, code: Int32 = 0, stopped: Bool = false) -> Bool {
            RestartDecision.startsWithDaemon(policy: RestartPolicy(name: name), exitCode: code, stoppedByUser: stopped)
        }
        #expect(!starts(.no, code: 1))
        #expect(starts(.always, stopped: true))
        #expect(starts(.unlessStopped) && !starts(.unlessStopped, stopped: true))
        #expect(starts(.onFailure, code: 1) && !starts(.onFailure, code: 0) && !starts(.onFailure, code: 1, stopped: true))
    }
}

@Suite struct EndSentenceTests {
    private func end(_ cause: ContainerEnd.Cause, code: Int32 = 137, signal: Int32? = 9) -> ContainerEnd {
        var end = ContainerEnd(
            cause: cause, startedAt: Timestamp(seconds: 100), finishedAt: Timestamp(seconds: 175), exitCode: code)
        end.signal = signal
        return end
    }

    @Test func memory() {
        var end = end(.outOfMemory)
        end.outOfMemory = true
        end.memoryLimit = 64 << 20
        end.memoryPeak = 63 << 20
        #expect(EndSentence(end).text == "killed by the kernel: out of memory (limit 64MiB, highest use 63MiB) after 1m15s")
        #expect(EndSentence(end).advice == ["raise the limit (`gantry update --memory`), or make the program use less"])
    }

    @Test func aStopThatTookTooLong() {
        var end = end(.requested)
        var request = EndRequest(
            action: "stop", signal: 15, client: "Docker-Client/28", at: Timestamp(seconds: 160), meansEnd: true)
        request.escalatedAt = Timestamp(seconds: 170)
        end.request = request
        #expect(
            EndSentence(end).text
                == "killed by the daemon with SIGKILL: a client (Docker-Client/28) asked for `stop`, and the program was still there 10s after SIGTERM"
        )
    }

    @Test func anUnknownSender() {
        #expect(
            EndSentence(end(.signal, signal: 15)).text.contains("ended by SIGTERM after 1m15s; no client of this daemon sent it"))
        #expect(
            EndSentence(end(.signal, signal: 11)).details == [
                "the kernel sends SIGSEGV after an access to memory that is not the program's"
            ])
    }

    @Test func codesOfShells() {
        #expect(
            EndSentence(end(.exited, code: 137, signal: nil)).details == [
                "code 137: by custom, a shell's child was ended by SIGKILL"
            ])
        #expect(EndSentence(end(.exited, code: 1, signal: nil)).details.isEmpty)
    }

    @Test(arguments: [
        (Int64(5), "5ms"), (1500, "1.5s"), (2000, "2s"), (59_900, "59s"), (200_000, "3m20s"), (7_380_000, "2h3m"),
        (300_000_000, "3 days"),
    ])
    func spans(milliseconds: Int64, text: String) { #expect(EndSentence.span(milliseconds * 1_000_000) == text) }
}

@Suite struct StepFailureTests {
    @Test func aStepOfThePlan() {
        let error = GantryError(
            .unavailable, "cannot prepare the container (step 27 of 69)", cause: SystemError("bind `/a` on", "/b", errno: 20))
        let failure = StartFailure(error).step
        #expect(failure.number == 27 && failure.total == 69)
        #expect(failure.step == "bind `/a` on `/b`")
        #expect(failure.errno == "ENOTDIR")
        #expect(failure.advice.hasPrefix("source and target of a mount must both be"))
    }

    @Test func aProgramThatIsNotThere() {
        let error = ProcessStartError(
            kind: .notFound, step: "execve `x`: no such file or directory",
            message: "exec: \"x\": executable file not found in $PATH")
        let failure = StartFailure(error)
        #expect(failure.exitCode == 127)
        #expect(failure.step.step == "execve `x`")
        #expect(failure.step.errno == "ENOENT")
    }
}

@Suite struct WhyReportTests {
    private func record(_ phase: ContainerPhase, ends: [ContainerEnd] = []) throws -> ContainerRecord {
        var record = ContainerRecord(
            id: String(repeating: "a", count: 64), name: "web", createdAt: Timestamp(seconds: 0),
            settings: ContainerSettings(image: "i"),
            program: ["p"], imageID: try Digest("sha256:" + String(repeating: "b", count: 64)),
            platform: Platform(os: "linux", architecture: "amd64"))
        record.phase = phase
        var history = EndHistory()
        for end in ends { history.add(end) }
        record.history = history
        return record
    }

    private func why(_ record: ContainerRecord) -> ContainerWhy { WhyReport(record: record, now: Timestamp(seconds: 1000)).make() }

    @Test func neverStarted() throws { #expect(why(try record(.created)).summary == "created and never started") }

    @Test func restartsTellTheirDelay() throws {
        var end = ContainerEnd(cause: .exited, startedAt: nil, finishedAt: Timestamp(seconds: 900), exitCode: 3)
        end.restartDelay = 1600
        var record = try record(.restarting, ends: [end])
        record.settings.host.restartPolicy = RestartPolicy(name: .always)
        record.restartCount = 5
        let why = why(record)
        #expect(why.summary == "keeps ending: waits to be started again (policy always, 5 restarts so far)")
        #expect(why.nextStartAt == Timestamp(nanoseconds: 901_600_000_000))
        #expect(why.facts.contains("the delay before the next start is 1.6s"))
    }

    @Test func givenUp() throws {
        var record = try record(
            .exited, ends: [ContainerEnd(cause: .exited, startedAt: nil, finishedAt: Timestamp(seconds: 1), exitCode: 3)])
        record.settings.host.restartPolicy = RestartPolicy(name: .onFailure, maximumRetryCount: 2)
        record.restartCount = 2
        #expect(why(record).facts == ["the restart policy gave up after 2 restarts"])
    }

    @Test func unhealthy() throws {
        var record = try record(.running(processID: 1))
        record.run.startedAt = Timestamp(seconds: 940)
        let probe = ContainerHealth.Probe(
            startedAt: Timestamp(seconds: 990), finishedAt: Timestamp(seconds: 991), exitCode: 1, output: "no answer\nmore")
        record.health = ContainerHealth(status: .unhealthy, failingStreak: 3, log: [probe])
        let why = why(record)
        #expect(why.summary == "running, started 1m0s ago (unhealthy)")
        #expect(why.facts == ["3 health checks in a row failed", "check 10s ago, exit code 1: no answer"])
    }
}

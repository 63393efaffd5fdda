import ContainerRuntime
import Essentials
import Foundation
import LinuxSystem
import Logging
import OCI
import Testing

@Suite(.enabled(if: RuntimeFixture.isPossible, RuntimeFixture.requirement), .serialized, .timeLimit(.minutes(2)))
struct LifeTests {
    private func exec(
        _ fixture: RuntimeFixture, _ container: ShimProcess, _ id: String, _ arguments: [String],
        stdio: StandardStreams = StandardStreams()
    ) throws -> ExecStart {
        var options = SandboxOptions()
        options.arguments = arguments
        options.environment = ["PATH=/bin"]
        let process = DefaultSpecification.process(options, try DefaultSpecification.capabilities(options))
        return ExecStart(
            id: id, execID: Identifier.random(), initProcessID: container.processID, process: process,
            seccomp: DefaultSeccomp.profile(capabilities: Set(DefaultSpecification.capabilities)), stdio: stdio, hold: true)
    }

    @Test func execJoinsTheContainer() async throws {
        try await RuntimeFixture.with { fixture in
            let request = try fixture.request(["sleep", "1000"])
            let container = try await fixture.runtime.start(request)
            let start = try exec(
                fixture, container, request.id, ["sh", "-c", "hostname; cat /proc/1/cmdline; ls /proc/self/fd; exit 3"])
            let process = try await fixture.runtime.exec(start)
            #expect(try fixture.runtime.cgroups.processIDs(request.id).count == 2)
            let result = try await fixture.finish(process)
            #expect(result.exit.exitCode == 3)
            #expect(result.output == "box\nsleep\u{0}1000\u{0}0\n1\n2\n3\n")
            let terminal = try await fixture.runtime.exec(
                try exec(
                    fixture, container, request.id, ["stty", "size"],
                    stdio: StandardStreams(terminal: true, consoleSize: RuntimeSpecification.ConsoleSize(height: 5, width: 60))))
            #expect(try await fixture.finish(terminal).output == "5 60\r\n")
            do {
                let missing = try await fixture.runtime.exec(try exec(fixture, container, request.id, ["nosuch"]))
                try await missing.release()
                Issue.record("it ran")
            } catch let error as ProcessStartError {
                #expect(error.message == "exec: \"nosuch\": executable file not found in $PATH")
            }
        }
    }

    @Test func aNewRuntimeFindsWhatRunsAndHowItEnded() async throws {
        try await RuntimeFixture.with { fixture in
            let request = try fixture.request(["sh", "-c", "while ! test -e /tmp/stop; do sleep 0.02; done; echo end; exit 5"])
            let first = try await fixture.runtime.start(request)
            let second = try ShimRuntime(
                shimPath: RuntimeFixture.shimPath, stateDirectory: "\(fixture.scratch)/state", logger: Logger(label: "test"))
            guard case .running(let process) = try await second.reconnect(container: request.id) else {
                Issue.record("not running")
                return
            }
            #expect(process.processID == first.processID)
            try Data().write(to: URL(fileURLWithPath: "/proc/\(first.processID)/root/tmp/stop"))
            #expect(await process.waitForExit().exitCode == 5)
            guard case .exited(let record) = try await second.reconnect(container: request.id) else {
                Issue.record("no record")
                return
            }
            #expect(record.exitCode == 5)
            #expect(try FileSystem.readText(request.log!.path).contains("\"end\\n\""))
        }
    }

    @Test func killingTheShimEndsTheContainer() async throws {
        try await RuntimeFixture.with { fixture in
            let request = try fixture.request(["sleep", "1000"])
            let container = try await fixture.runtime.start(request)
            let status = try FileSystem.readText("/proc/\(container.processID)/status")
            let parent = status.split(separator: "\n").first { $0.hasPrefix("PPid:") }.flatMap {
                Int32($0.dropFirst(5).filter(\.isNumber))
            }
            kill(try #require(parent), SIGKILL)
            #expect(await container.waitForExit().exitCode == 137)
            guard case .lost = try await fixture.runtime.reconnect(container: request.id) else {
                Issue.record("not lost")
                return
            }
            try fixture.runtime.forget(container: request.id)
            #expect(try fixture.runtime.cgroups.processIDs(request.id) == [])
        }
    }

    @Test func pausingStopsAndStatisticsCount() async throws {
        try await RuntimeFixture.with { fixture in
            let request = try fixture.request(["sh", "-c", "while :; do :; done"])
            let container = try await fixture.runtime.start(request)
            try await fixture.runtime.cgroups.freeze(request.id)
            let before = try fixture.runtime.cgroups.statistics(request.id)
            let after = try fixture.runtime.cgroups.statistics(request.id)
            #expect(before.cpuUsage == after.cpuUsage)
            #expect(before.memoryUsage > 0)
            #expect(before.processes == 1)
            try await fixture.runtime.cgroups.thaw(request.id)
            var resources = RuntimeSpecification.Resources()
            resources.pids = RuntimeSpecification.PIDs(limit: 17)
            try fixture.runtime.cgroups.update(request.id, resources)
            #expect(try fixture.runtime.cgroups.statistics(request.id).processLimit == 17)
            try await container.signal(9)
            _ = await container.waitForExit()
        }
    }

    @Test func nothingIsLeftOnTheHost() async throws {
        let before = try FileSystem.readText("/proc/self/mountinfo")
        try await RuntimeFixture.with { fixture in
            let request = try fixture.request(["true"])
            #expect(await (try await fixture.runtime.start(request)).waitForExit().exitCode == 0)
            #expect(try FileSystem.readText("/proc/self/mountinfo") == before)
            try fixture.runtime.forget(container: request.id)
            #expect(try fixture.runtime.knownContainers() == [])
        }
    }

    /// Not a limit, only a number to look at: prints what a start and its end take here.
    @Test func manyStartsInARow() async throws {
        try await RuntimeFixture.with { fixture in
            let clock = ContinuousClock()
            var times: [Duration] = []
            for _ in 0..<30 {
                let request = try fixture.request(["true"])
                times.append(
                    try await clock.measure {
                        let process = try await fixture.runtime.start(request)
                        #expect(await process.waitForExit().exitCode == 0)
                    })
                try fixture.runtime.forget(container: request.id)
            }
            print("start and end: median \(times.sorted()[15]), best \(times.min()!)")
            #expect(try fixture.runtime.knownContainers() == [])
        }
    }
}

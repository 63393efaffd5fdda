import ContainerRuntime
import Essentials
import Foundation
import LinuxSystem
import OCI
import Testing

@Suite(.enabled(if: RuntimeFixture.isPossible, RuntimeFixture.requirement), .serialized, .timeLimit(.minutes(2)))
struct RunningTests {
    @Test func exitCodesAndOutput() async throws {
        try await RuntimeFixture.with { fixture in
            let result = try await fixture.run(["sh", "-c", "echo out; echo err >&2; exit 7"])
            #expect(result.exit.exitCode == 7)
            #expect(result.exit.signal == nil)
            #expect(result.output == "out\n")
            #expect(result.error == "err\n")
        }
    }

    @Test func standardInputReachesTheProgramAndEnds() async throws {
        try await RuntimeFixture.with { fixture in
            let text = String(repeating: "0123456789abcde\n", count: 20_000)
            let result = try await fixture.run(["cat"], stdio: StandardStreams(openStdin: true, stdinOnce: true), input: text)
            #expect(result.exit.exitCode == 0)
            #expect(result.output == text)
        }
    }

    @Test func onlyThreeDescriptorsAreOpen() async throws {
        try await RuntimeFixture.with { fixture in
            // The fourth is the directory that `ls` itself has open.
            let result = try await fixture.run(["ls", "/proc/self/fd"])
            #expect(result.output == "0\n1\n2\n3\n")
        }
    }

    @Test func standsInItsOwnNamespacesWithDockersCapabilities() async throws {
        try await RuntimeFixture.with { fixture in
            let result = try await fixture.run([
                "sh", "-c", "echo $$; hostname; grep -E 'Cap|Seccomp:|NoNewPrivs' /proc/self/status",
            ])
            let lines = result.output.split(separator: "\n").map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
            #expect(lines.first == "1")
            #expect(lines.dropFirst().first == "box")
            #expect(lines.contains("CapInh: 0000000000000000"))
            #expect(lines.contains("CapPrm: 00000000a80425fb"))
            #expect(lines.contains("CapEff: 00000000a80425fb"))
            #expect(lines.contains("CapBnd: 00000000a80425fb"))
            #expect(lines.contains("CapAmb: 0000000000000000"))
            #expect(lines.contains("Seccomp: 2"))
            #expect(lines.contains("NoNewPrivs: 0"))
        }
    }

    @Test func anotherUserHasNoCapabilitiesAndHisGroups() async throws {
        try await RuntimeFixture.with { fixture in
            let result = try await fixture.run(["sh", "-c", "id; grep CapEff /proc/self/status; echo x > /dev/stderr"]) {
                $0.user = RuntimeSpecification.User(uid: 1000, gid: 1001, additionalGids: [1001, 7])
            }
            #expect(
                result.output.hasPrefix("uid=1000 gid=1001 groups=7,1001")
                    || result.output.hasPrefix("uid=1000 gid=1001 groups=1001,7"), "\(result.output)")
            #expect(result.output.contains("CapEff:\t0000000000000000"))
            #expect(result.error == "x\n")
        }
    }

    @Test func maskedAndReadOnlyPathsAndDevices() async throws {
        try await RuntimeFixture.with { fixture in
            let script = """
                cat /proc/keys | head -c 10; ls /sys/firmware; touch /proc/sys/kernel/hostname 2>&1; echo x > /proc/sys/kernel/domainname
                ls -l /dev | grep -c '^c'; echo ok > /dev/null && echo null; cat /proc/self/mountinfo | grep -c ' / / '
                """
            let result = try await fixture.run(["sh", "-c", script])
            #expect(result.output.contains("Read-only file system"), "\(result.output)")
            #expect(result.error.contains("can't create /proc/sys/kernel/domainname: Read-only file system"), "\(result.error)")
            #expect(result.output.hasSuffix("6\nnull\n1\n"), "\(result.output)")
        }
    }

    @Test func terminalWithSizeAndConsole() async throws {
        try await RuntimeFixture.with { fixture in
            let stdio = StandardStreams(
                terminal: true, consoleSize: RuntimeSpecification.ConsoleSize(height: 31, width: 97), openStdin: true)
            let result = try await fixture.run(
                ["sh", "-c", "stty size; test -c /dev/console && echo console; readlink /proc/self/fd/0"], stdio: stdio)
            #expect(result.output == "31 97\r\nconsole\r\n/dev/pts/0\r\n")
        }
    }

    @Test func signalsEndAProgramWithTheirNumber() async throws {
        try await RuntimeFixture.with { fixture in
            let process = try await fixture.runtime.start(
                try fixture.request(["sh", "-c", "trap 'exit 42' TERM; echo ready; while :; do sleep 0.05; done"], hold: true))
            let streams = try await process.attach(stdin: false, stdout: true, stderr: false)
            try await process.release()
            _ = try await streams.next()
            try await process.signal(15)
            #expect(await process.waitForExit().exitCode == 42)
            let other = try await fixture.runtime.start(try fixture.request(["sleep", "1000"]))
            try await other.signal(9)
            let end = await other.waitForExit()
            #expect(end.exitCode == 137)
            #expect(end.signal == 9)
            await #expect(throws: GantryError.self) { try await other.signal(15) }
        }
    }

    @Test func memoryBeyondTheLimitIsReported() async throws {
        try await RuntimeFixture.with { fixture in
            var resources = RuntimeSpecification.Resources()
            resources.memory = RuntimeSpecification.Memory()
            resources.memory?.limit = 16 << 20
            resources.memory?.swap = 16 << 20
            let result = try await fixture.run(["dd", "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1"]) {
                $0.resources = resources
            }
            #expect(result.exit.exitCode == 137)
            #expect(result.exit.outOfMemory)
        }
    }

    @Test func logHasDockersForm() async throws {
        try await RuntimeFixture.with { fixture in
            let request = try fixture.request(["sh", "-c", "printf 'a\\tb<\"\\n'; printf 'last\\377'; echo no >&2"])
            _ = await (try await fixture.runtime.start(request)).waitForExit()
            let lines = try FileSystem.readText(request.log!.path).split(separator: "\n").map { line in
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String] ?? [:]
            }
            #expect(
                Set(lines.map { "\($0["stream"]!) \($0["log"]!)" }) == ["stdout a\tb<\"\n", "stdout last\u{FFFD}", "stderr no\n"])
            #expect(lines.allSatisfy { Timestamp(rfc3339: $0["time"] ?? "") != nil })
        }
    }

    @Test func longLinesAreSplitAndFilesRotate() async throws {
        try await RuntimeFixture.with { fixture in
            var request = try fixture.request([
                "sh", "-c",
                "dd if=/dev/zero bs=20000 count=1 2>/dev/null; i=0; while test $i -lt 300; do echo line $i; i=$((i+1)); done",
            ])
            request.log = LogFile(path: "\(fixture.scratch)/r.log", maxSize: 130_000, maxFiles: 3)
            _ = await (try await fixture.runtime.start(request)).waitForExit()
            let files = try FileSystem.list(fixture.scratch).filter { $0.hasPrefix("r.log") }.sorted()
            #expect(files == ["r.log", "r.log.1"])
            let text = try files.reversed().map { try FileSystem.readText("\(fixture.scratch)/\($0)") }.joined()
            let lines = try text.split(separator: "\n").map {
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: String] ?? [:]
            }
            #expect(lines.count == 301)
            #expect(lines.first?["log"]?.utf8.count == 16384)
            #expect(lines.last?["log"] == "line 299\n")
        }
    }

    @Test func clientThatDoesNotReadHoldsTheProgramNotTheMemory() async throws {
        try await RuntimeFixture.with { fixture in
            let request = try fixture.request(["dd", "if=/dev/zero", "bs=64k", "count=320"], hold: true)
            let process = try await fixture.runtime.start(request)
            let slow = try await process.attach(stdin: false, stdout: true, stderr: false)
            try await process.release()
            let status = try FileSystem.readText("/proc/\(process.processID)/status")
            let parent = try #require(status.split(separator: "\n").first { $0.hasPrefix("PPid:") }).dropFirst(5).filter(\.isNumber)
            // Another client that does nothing but ask proves that the shim is still at work.
            for _ in 0..<50 { try await process.signal(SIGCONT) }
            let memory = try FileSystem.readText("/proc/\(parent)/status").split(separator: "\n").first {
                $0.hasPrefix("RssAnon:")
            }?.filter(\.isNumber)
            #expect((memory.flatMap { Int($0) } ?? .max) < 1024, "private memory in KiB: \(memory ?? "?")")
            var total = 0
            while let (_, bytes) = try await slow.next() { total += bytes.count }
            #expect(total == 320 << 16)
            #expect(await process.waitForExit().exitCode == 0)
        }
    }

    @Test func inputIsCompleteWhenTheClientLeavesAtOnce() async throws {
        try await RuntimeFixture.with { fixture in
            let request = try fixture.request(
                ["sh", "-c", "sleep 0.1; cat"], stdio: StandardStreams(openStdin: true, stdinOnce: true), hold: true)
            let process = try await fixture.runtime.start(request)
            let reader = try await process.attach(stdin: false, stdout: true, stderr: false)
            let writer = try await process.attach(stdin: true, stdout: false, stderr: false)
            try await process.release()
            async let sent: Void = {
                try await writer.write([UInt8](repeating: 120, count: 500_000))
                writer.close()
            }()
            var total = 0
            while let (_, bytes) = try await reader.next() { total += bytes.count }
            try await sent
            #expect(total == 500_000)
        }
    }
}

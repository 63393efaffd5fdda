import Builder
import Dockerfile
import Essentials
import Foundation
import OCI
import Testing

@Suite("Stages and RUN")
struct StageTests {
    @Test("only what the target needs is built")
    func targets() async throws {
        let run = try BuildRun()
        let text =
            "FROM busybox AS first\nRUN one\nFROM busybox AS unused\nRUN false\nFROM first AS mid\nRUN two\nCMD [\"mid\"]\nFROM mid\nRUN three\n"
        let config = try await run.build(text) { $0.target = "MID" }
        #expect(run.worker.runs.map(\.arguments.last) == ["one", "two"])
        #expect(config.config?.command == ["mid"])
        await #expect {
            try await run.build(text) { $0.target = "x" }
        } throws: { ($0 as? BuildFailure)?.error.message == "target stage \"x\" could not be found" }
    }

    @Test("a failing command gives both wordings and its exit code, and leaves nothing")
    func failure() async throws {
        let run = try BuildRun()
        run.worker.setExitCode(3)
        do {
            try await run.build("FROM busybox\nRUN exit 3\nRUN never\n")
            Issue.record("built")
        } catch let failure as BuildFailure {
            #expect(failure.error.message == "process \"/bin/sh -c exit 3\" did not complete successfully: exit code: 3")
            #expect(failure.classicMessage == "The command '/bin/sh -c exit 3' returned a non-zero code: 3")
            #expect(failure.exitCode == 3)
            #expect(failure.range?.first == 2)
        }
        #expect(run.worker.runs.count == 1 && run.worker.openWorkspaces == 0)
    }

    @Test("a process gets variables, user, directory and mounts")
    func requests() async throws {
        let run = try BuildRun()
        try run.context(["f": "x"])
        try await run.build(
            "FROM busybox\nARG X=arg\nENV E=env\nUSER nobody\nWORKDIR /w\nRUN --mount=type=cache,target=c,uid=5 --mount=target=/ctx --mount=type=secret,id=s --network=none <<EOF\n#!/bin/cat\nhi\nEOF\n"
        ) {
            $0.buildArguments = ["HTTP_PROXY": "http://p"]
            $0.secrets = ["s": [1]]
        }
        let request = try #require(run.worker.runs.first)
        #expect(request.arguments == ["/bin/sh", "-c", "/dev/pipes/EOF"])
        #expect(request.environment.suffix(4) == ["X=arg", "E=env", "HTTP_PROXY=http://p", "HOME=/home"])
        #expect(request.userID == 65534 && request.workingDirectory == "/w" && request.networkMode == "none")
        let targets = request.mounts.map { mount in
            switch mount {
            case .bind(_, let target, let readOnly): "bind \(target) \(readOnly)"
            case .cache(let cache): "cache \(cache.target) \(cache.userID)"
            case .tmpfs(let target, _): "tmpfs \(target)"
            case .file(let file): "file \(file.target) \(String(file.mode, radix: 8))"
            case .agent(let id, let target, _, _, _): "agent \(id) \(target)"
            }
        }
        #expect(targets == ["file /dev/pipes/EOF 755", "cache /w/c 5", "file /run/secrets/s 400", "bind /ctx true"])
    }

    @Test("a base of another platform than the one that was asked for is told")
    func foreignBase() async throws {
        let run = try BuildRun()
        let other = Platform(os: "linux", architecture: Platform.host.architecture == "s390x" ? "amd64" : "s390x")
        try run.worker.addBase("foreign", config: ImageConfig(created: "2024-01-01T00:00:00Z", platform: other))
        try await run.build("FROM foreign\nLABEL a=b\n")
        let warnings = run.events.compactMap { if case .warning(let text) = $0 { text } else { nil } }
        #expect(
            warnings == [
                "InvalidBaseImagePlatform: Base image foreign was pulled with platform \"linux/\(other.architecture)\", expected \"linux/\(Platform.host.architecture)\" for current build (line 1)"
            ])
        try await run.build("FROM busybox\nLABEL a=b\n")
        #expect(!run.events.contains { if case .warning = $0 { true } else { false } })
    }

    @Test("the classic transcript has Docker's lines")
    func transcript() async throws {
        let run = try BuildRun()
        try run.context(["f": "x"])
        try await run.build("FROM busybox\nRUN echo hi\nCOPY f /f\n")
        var transcript = ClassicBuildTranscript()
        let text: String = run.events.flatMap { transcript.lines($0) }.joined()
        let lines = text.components(separatedBy: "\n").filter { !$0.isEmpty }
        #expect(lines.first == "Step 1/3 : FROM busybox")
        #expect(
            lines.filter { $0.hasPrefix("Step ") } == ["Step 1/3 : FROM busybox", "Step 2/3 : RUN echo hi", "Step 3/3 : COPY f /f"])
        #expect(lines.contains("ran"))
        #expect(
            lines.contains { $0.hasPrefix(" ---> Running in ") }
                && lines.contains { $0.hasPrefix(" ---> Removed intermediate container ") })
        #expect(lines.last?.hasPrefix("Successfully built ") == true)
        #expect(lines[lines.count - 2].suffix(12) == lines[lines.count - 1].suffix(12))
        try await run.build("FROM busybox\nRUN echo hi\nCOPY f /f\n")
        transcript = ClassicBuildTranscript()
        let again: String = run.events.flatMap { transcript.lines($0) }.joined()
        #expect(again.components(separatedBy: " ---> Using cache\n").count == 3)
        #expect(!again.contains("Running in"))
    }

    @Test("explanations as text and JSON")
    func explanation() async throws {
        let run = try BuildRun()
        try await run.build("FROM busybox\nRUN a\n")
        var explanation = BuildExplanation()
        for event in run.events { explanation.add(event) }
        #expect(explanation.steps.map(\.reasons) == [[], ["first build of this step"]])
        #expect(explanation.text.contains("    first build of this step"))
        #expect(String(decoding: try explanation.json(), as: UTF8.self).contains("\"instruction\":\"RUN a\""))
    }

    @Test("independent stages overlap, and a failure ends the others")
    func cancelling() async throws {
        let run = try BuildRun()
        run.worker.setExitCode(1)
        await #expect(throws: BuildFailure.self) {
            try await run.build(
                "FROM busybox AS a\nRUN x\nFROM busybox AS b\nRUN y\nFROM busybox\nCOPY --from=a /etc /a\nCOPY --from=b /etc /b\n")
        }
        #expect(run.worker.openWorkspaces == 0)
    }
}

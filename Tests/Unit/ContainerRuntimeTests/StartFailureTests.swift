import ContainerRuntime
import Essentials
import Foundation
import LinuxSystem
import OCI
import Testing

@Suite(.enabled(if: RuntimeFixture.isPossible, RuntimeFixture.requirement), .serialized, .timeLimit(.minutes(2)))
struct StartFailureTests {
    @Test(arguments: [
        ("nosuchcommand", ProcessStartError.Kind.notFound, "exec: \"nosuchcommand\": executable file not found in $PATH"),
        ("/nosuch/path", .notFound, "exec: \"/nosuch/path\": stat /nosuch/path: no such file or directory"),
        ("/etc", .isDirectory, "exec: \"/etc\": is a directory"),
        ("/plain", .notExecutable, "exec: \"/plain\": permission denied"),
        ("/junk", .formatError, "exec /junk: exec format error"),
    ])
    func programThatCannotRun(program: String, kind: ProcessStartError.Kind, message: String) async throws {
        try await RuntimeFixture.with { fixture in
            try Data("not a script".utf8).write(to: URL(fileURLWithPath: "\(fixture.scratch)/lower/junk"))
            chmod("\(fixture.scratch)/lower/junk", 0o755)
            try Data("x".utf8).write(to: URL(fileURLWithPath: "\(fixture.scratch)/lower/plain"))
            do {
                _ = try await fixture.runtime.start(try fixture.request([program]))
                Issue.record("it started")
            } catch let error as ProcessStartError {
                #expect(error.kind == kind)
                #expect(error.message == message)
            }
            #expect(try fixture.runtime.knownContainers() == [])
        }
    }

    @Test func workingDirectoryMustBeInside() async throws {
        try await RuntimeFixture.with { fixture in
            for path in ["/proc/self/fd/8", "/bin/busybox"] {
                await #expect(throws: (any Error).self) {
                    _ = try await fixture.runtime.start(try fixture.request(["true"]) { $0.workingDirectory = path })
                }
            }
        }
    }

    @Test(arguments: ["proc", "sys", "dev"])
    func linkInPlaceOfKernelTreeIsRefused(name: String) async throws {
        try await RuntimeFixture.with { fixture in
            rmdir("\(fixture.scratch)/lower/\(name)")
            try FileManager.default.createSymbolicLink(atPath: "\(fixture.scratch)/lower/\(name)", withDestinationPath: "etc")
            await #expect(throws: GantryError.self) { _ = try await fixture.runtime.start(try fixture.request(["true"])) }
            #expect(try fixture.runtime.knownContainers() == [])
        }
    }

    @Test func bindThroughALinkStaysInside() async throws {
        try await RuntimeFixture.with { fixture in
            try FileManager.default.createSymbolicLink(
                atPath: "\(fixture.scratch)/lower/out", withDestinationPath: "../../../../../..\(fixture.scratch)")
            try FileManager.default.createDirectory(atPath: "\(fixture.scratch)/shared", withIntermediateDirectories: true)
            try Data("hello".utf8).write(to: URL(fileURLWithPath: "\(fixture.scratch)/shared/file"))
            let result = try await fixture.run(["cat", "/out/new/file"]) {
                $0.binds = [SandboxOptions.Bind(source: "\(fixture.scratch)/shared", destination: "/out/new", readOnly: true)]
            }
            #expect(result.output == "hello")
            #expect(!FileSystem.exists("\(fixture.scratch)/new"))
        }
    }
}

import ContainerRuntime
import Essentials
import Foundation
import LinuxSystem
import OCI
import Testing

/// A process number that has been given again must not be taken for the container's.
@Suite(.enabled(if: RuntimeFixture.isPossible, RuntimeFixture.requirement), .serialized, .timeLimit(.minutes(2)))
struct ProcessNumberTests {
    @Test func anotherProcessIsNotEntered() async throws {
        try await RuntimeFixture.with { fixture in
            let request = try fixture.request(["sleep", "1000"])
            let container = try await fixture.runtime.start(request)
            let root = try fixture.runtime.open("root", O_PATH | O_DIRECTORY, of: container.processID, in: request.id)
            #expect(try FileStatus("bin/busybox", in: root.raw).kind == .regular)
            for other in [getpid(), 1] {
                let error = #expect(throws: GantryError.self) {
                    try fixture.runtime.open("root", O_PATH | O_DIRECTORY, of: other, in: request.id)
                }
                #expect(error?.kind == .conflict)
            }
            var options = SandboxOptions()
            options.arguments = ["true"]
            let process = DefaultSpecification.process(options, [])
            let exec = ExecStart(id: request.id, execID: Identifier.random(), initProcessID: getpid(), process: process)
            let error = await #expect(throws: GantryError.self) { try await fixture.runtime.exec(exec) }
            #expect(error?.kind == .conflict)
            try await container.signal(SIGKILL)
            _ = await container.waitForExit()
        }
    }
}

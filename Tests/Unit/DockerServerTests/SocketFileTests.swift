import DockerServer
import Essentials
import Glibc
import Testing

@Suite struct SocketFileTests {
    private func folder() -> String { "/tmp/gantry-test-\(Identifier.randomHex(bytes: 8))" }

    @Test func modeIsForRootAndOneGroup() async throws {
        try await TestServer.with([]) { path in
            var status = stat()
            #expect(lstat(path, &status) == 0)
            #expect(status.st_mode & 0o7777 == 0o660)
        }
    }

    @Test func aLiveOneIsRefused() async throws {
        try await TestServer.with([]) { path in
            let error = #expect(throws: GantryError.self) { try UnixSocketFile(path: path).prepare() }
            #expect(error?.kind == .conflict)
        }
    }

    @Test func aFileThatIsNoSocketIsRefused() throws {
        let folder = folder()
        defer { rmdir(folder) }
        let file = UnixSocketFile(path: folder + "/docker.sock")
        try file.prepare()
        #expect(creat(file.path, 0o600) >= 0)
        defer { unlink(file.path) }
        let error = #expect(throws: GantryError.self) { try file.prepare() }
        #expect(error?.kind == .conflict)
    }
}

import CLinux
import LinuxSystem
import Testing

@Suite struct FileSystemTests {
    /// A folder of the test's own, removed at its end.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let path = "/tmp/gantry-test-\(UInt64.random(in: .min ... .max))"
        try FileSystem.makeDirectories(path)
        defer { try? FileSystem.removeTree(path) }
        try body(path)
    }

    @Test func makesAndRemovesTreesWithoutFollowingLinks() throws {
        try withFolder { folder in
            try FileSystem.makeDirectories("\(folder)/a/b/c")
            try FileSystem.replace("\(folder)/kept", with: "x")
            try #require(symlink("\(folder)/kept", "\(folder)/a/link") == 0)
            try #require(symlink(folder, "\(folder)/a/b/up") == 0)
            try FileSystem.removeTree("\(folder)/a")
            #expect(!FileSystem.exists("\(folder)/a"))
            #expect(try FileSystem.readText("\(folder)/kept") == "x")
            try FileSystem.removeTree("\(folder)/a")
        }
    }

    @Test func replacingLeavesNoTemporaryFile() throws {
        try withFolder { folder in
            try FileSystem.replace("\(folder)/file", with: "one", durable: true)
            try FileSystem.replace("\(folder)/file", with: "two")
            #expect(try FileSystem.list(folder) == ["file"])
            #expect(try FileSystem.readText("\(folder)/file") == "two")
        }
    }

    @Test func linksStayInsideTheRoot() throws {
        try withFolder { folder in
            try FileSystem.makeDirectories("\(folder)/root/etc")
            try FileSystem.replace("\(folder)/root/etc/name", with: "inside")
            try FileSystem.replace("\(folder)/name", with: "outside")
            try #require(symlink("/etc", "\(folder)/root/absolute") == 0)
            try #require(symlink("../../../../name", "\(folder)/root/up") == 0)
            let root = try OwnedDescriptor.open("\(folder)/root", O_RDONLY | O_DIRECTORY)
            #expect(String(decoding: try root.openInRoot("absolute/name", O_RDONLY).readAll(limit: 100), as: UTF8.self) == "inside")
            let escape = #expect(throws: SystemError.self) { _ = try root.openInRoot("up", O_RDONLY) }
            #expect(escape?.errno == ENOENT)
            let link = #expect(throws: SystemError.self) { _ = try root.openBeneath("absolute/name", O_RDONLY) }
            #expect(link?.errno == ELOOP || link?.errno == EXDEV)
        }
    }

    @Test func readingStopsAtTheLimit() throws {
        try withFolder { folder in
            try FileSystem.replace("\(folder)/big", with: [UInt8](repeating: 1, count: 1000))
            let error = #expect(throws: SystemError.self) { _ = try FileSystem.read("\(folder)/big", limit: 999) }
            #expect(error?.errno == EFBIG)
            #expect(try FileSystem.read("\(folder)/big", limit: 1000).count == 1000)
        }
    }

    @Test func errorsNameTheCallAndItsArgument() {
        let error = #expect(throws: SystemError.self) { _ = try OwnedDescriptor.open("/no/such/file", O_RDONLY) }
        #expect(error?.description == "open `/no/such/file`: no such file or directory")
    }
}

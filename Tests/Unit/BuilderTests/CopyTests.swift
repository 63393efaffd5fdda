import Builder
import Essentials
import Foundation
import LinuxSystem
import Testing

@Suite("COPY, ADD and WORKDIR", .enabled(if: geteuid() == 0, "files are given to other users, which needs root"))
struct CopyTests {
    @Test("patterns, directories and destinations")
    func shapes() async throws {
        let run = try BuildRun()
        try run.context(["a.txt": "1", "b.txt": "2", "c.md": "3", "d/x": "4", "d/s/y": "5", "q[1].txt": "6"])
        try await run.build(
            "FROM busybox\nCOPY *.txt /w1/\nCOPY d /w2\nCOPY d/* /w3/\nCOPY q[[]1].txt /w4/\nCOPY a.tx? /single\nCOPY ../../a.txt /up\nWORKDIR /wd\nCOPY c.md rel/\n"
        )
        #expect(try run.file("/w1/b.txt") == "2")
        #expect(try run.file("/w2/s/y") == "5")
        #expect(try run.file("/w3/y") == "5")
        #expect(try run.file("/w4/q[1].txt") == "6")
        #expect(try run.file("/single") == "1" && run.file("/up") == "1")
        #expect(try run.file("/wd/rel/c.md") == "3")
    }

    @Test("owners and modes")
    func owners() async throws {
        let run = try BuildRun()
        try run.context(["f": "x", "d/g": "y"])
        chown("\(run.worker.contextPath)/f", 1000, 1000)
        chmod("\(run.worker.contextPath)/f", 0o4640)
        try await run.build(
            "FROM busybox\nCOPY f /plain\nCOPY --chown=1000 f /u\nCOPY --chown=:7 f /g\nCOPY --chown=nobody:www-data d /new/deep\nCOPY --chmod=755 f /m\nCOPY --chmod=u=rwX,go=rX d /s\nUSER 12:13\nWORKDIR /mine\n"
        )
        let plain = try run.status("/plain")
        #expect(plain.userID == 0 && plain.groupID == 0 && plain.permissions == 0o4640)
        let user = try run.status("/u")
        #expect(user.userID == 1000 && user.groupID == 1000)
        #expect(try run.status("/g").groupID == 7)
        let made = try run.status("/new")
        #expect(made.userID == 65534 && made.groupID == 33)
        #expect(try run.status("/m").permissions == 0o755)
        #expect(try run.status("/s/g").permissions == 0o644 && run.status("/s").permissions == 0o755)
        #expect(try run.status("/mine").userID == 12)
    }

    @Test("times of sources are kept")
    func times() async throws {
        let run = try BuildRun()
        try run.context(["f": "x"])
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000)], ofItemAtPath: "\(run.worker.contextPath)/f")
        try await run.build("FROM scratch\nCOPY f /f\n")
        #expect(try run.status("/f").modifiedAt == 1_700_000_000_000_000_000)
    }

    @Test("links are followed where a source or destination is one, and stay inside")
    func links() async throws {
        let run = try BuildRun()
        try run.context(["target": "t", "d/s": "s"])
        symlink("target", "\(run.worker.contextPath)/lfile")
        symlink("d", "\(run.worker.contextPath)/ldir")
        symlink("nosuch", "\(run.worker.contextPath)/d/broken")
        try await run.build("FROM busybox\nCOPY lfile /c1\nCOPY ldir /c2\n")
        #expect(try run.status("/c1").kind == .regular)
        #expect(try run.status("/c2/broken").kind == .symbolicLink && run.file("/c2/s") == "s")
        symlink("/etc/passwd", "\(run.worker.contextPath)/escape")
        await #expect(throws: BuildFailure.self) { try await run.build("FROM busybox\nCOPY escape /x\n") }
    }

    @Test("a destination that is a link leads inside the root")
    func destinationLinks() async throws {
        let run = try BuildRun()
        let outside = "\(run.worker.root)/outside"
        try FileSystem.makeDirectories(outside)
        try run.context(["f": "x", "links/l": ""])
        unlink("\(run.worker.contextPath)/links/l")
        symlink(outside, "\(run.worker.contextPath)/links/l")
        symlink("../../../../../etc", "\(run.worker.contextPath)/links/up")
        try await run.build("FROM busybox\nCOPY links /\nCOPY f /l/f\nCOPY f /up/f\n")
        #expect(try FileSystem.list(outside).isEmpty)
        #expect(try run.file("/etc/f") == "x")
        #expect(try run.file(outside + "/f") == "x")
    }

    @Test("--parents, --exclude and ignore rules")
    func selections() async throws {
        let run = try BuildRun()
        try run.context(["a/b/c/f": "1", "a/b/g.md": "2", "x.log": "3", "keep.log": "4"])
        try await run.build(
            "FROM scratch\nCOPY --parents a/b/c/f /p/\nCOPY --parents a/./b/c /q/\nCOPY --exclude=*.md a/b /r/\nCOPY . /all/\n",
            ignore: "*.log\n!keep.log\n")
        #expect(try run.file("/p/a/b/c/f") == "1" && run.file("/q/b/c/f") == "1" && run.file("/r/c/f") == "1")
        #expect(throws: SystemError.self) { try run.status("/r/g.md") }
        #expect(throws: SystemError.self) { try run.status("/all/x.log") }
        #expect(try run.file("/all/keep.log") == "4")
    }

    @Test("documents, downloads and archives")
    func others() async throws {
        let run = try BuildRun()
        try FileSystem.makeDirectories("\(run.worker.root)/t")
        try FileSystem.replace("\(run.worker.root)/t/in", with: "inside")
        for name in ["p.tgz"] {
            let tar = Process()
            tar.executableURL = URL(fileURLWithPath: "/bin/tar")
            tar.arguments = ["czf", "\(run.worker.contextPath)/\(name)", "-C", "\(run.worker.root)/t", "."]
            try tar.run()
            tar.waitUntilExit()
        }
        try run.context(["fake.tar": "junk"])
        run.worker.serve("http://h/r.txt", "remote")
        try await run.build(
            "FROM busybox\nENV V=val\nCOPY <<EOF /plain\nhello $V\nEOF\nCOPY --chmod=755 <<A <<'B' /multi/\none\nA\n$V\nB\nADD p.tgz fake.tar /x/\nADD http://h/r.txt /d/\nCOPY p.tgz /raw/\n"
        )
        #expect(try run.file("/plain") == "hello val\n")
        #expect(try run.file("/multi/B") == "$V\n" && run.status("/multi/A").permissions == 0o755)
        #expect(try run.file("/x/in") == "inside" && run.file("/x/fake.tar") == "junk")
        let remote = try run.status("/d/r.txt")
        #expect(remote.permissions == 0o600 && remote.modifiedAt == 1_700_000_000_000_000_000)
        #expect(try run.status("/raw/p.tgz").kind == .regular)
    }

    @Test(
        "what cannot be done is said with its place",
        arguments: [
            (
                "COPY nosuch /x",
                "failed to compute cache key: failed to calculate checksum of ref build::context: \"/nosuch\": not found"
            ),
            (
                "COPY *.none /x/",
                "failed to compute cache key: failed to calculate checksum of ref build::context: \"/*.none\": not found"
            ),
            (
                "COPY a b /dst",
                "When using COPY with more than one source file, the destination must be a directory and end with a /"
            ),
            ("COPY d /etc/passwd", "cannot copy to non-directory: /etc/passwd"),
            (
                "COPY --chown=nosuch a /x",
                "unable to convert uid/gid chown string to host mapping: can't find uid for user nosuch: no such user: nosuch"
            ),
            ("COPY --from=5 /x /y", "invalid stage index 5"),
            ("STOPSIGNAL FOO", "invalid signal: FOO"),
            ("EXPOSE foo", "Invalid containerPort: foo"),
            ("WORKDIR /etc/passwd", "mkdir /etc/passwd: not a directory"),
            ("ADD http://h/none /x", "failed to load cache key: Get \"http://h/none\": connection refused"),
            (
                "USER nosuch\nRUN id",
                "process \"/bin/sh -c id\" did not complete successfully: unable to find user nosuch: no matching entries in passwd file"
            ),
            ("RUN --mount=type=secret,id=nope,required=true true", "secret nope: not found"),
        ])
    func failures(instruction: String, message: String) async throws {
        let run = try BuildRun()
        try run.context(["a": "1", "b": "2", "d/x": "3"])
        do {
            try await run.build("FROM busybox\n\(instruction)\n")
            Issue.record("`\(instruction)` was built")
        } catch let failure as BuildFailure {
            #expect(failure.error.message == message)
            #expect(failure.excerpt.contains(">>> "))
            #expect(failure.range != nil)
        }
        #expect(run.worker.openWorkspaces == 0)
    }
}

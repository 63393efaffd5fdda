import Archive
import Essentials
import Glibc
import LinuxSystem
import Testing

@Suite struct TarPackerTests {
    private func sample() throws -> Scratch {
        let scratch = try Scratch()
        try extract(
            tar([file("etc/passwd", "p"), file("etc/ssh/key", "k"), link("etc/alias", "ssh"), link("outward", "/etc/passwd")]),
            into: scratch.root,
            .init(.plain))
        return scratch
    }

    @Test func membersAreNamedAsAsked() throws {
        let scratch = try sample()
        defer { withExtendedLifetime(scratch) {} }
        let root = try scratch.root
        #expect(try names(pack(root, "/etc/passwd", as: .root("passwd"))) == ["passwd"])
        #expect(try names(pack(root, "/etc/ssh", as: .root("renamed"))) == ["renamed/", "renamed/key"])
        #expect(try names(pack(root, "/etc/ssh/.", as: .root("."))) == ["./", "./key"])
        #expect(try names(pack(root, "/etc/ssh", as: .contents)) == ["key"])
    }

    @Test func aFinalLinkIsALinkUnlessASlashFollows() throws {
        let scratch = try sample()
        defer { withExtendedLifetime(scratch) {} }
        let root = try scratch.root
        #expect(try entries(pack(root, "/etc/alias", as: .root("alias")))[0].kind == .symbolicLink)
        #expect(try names(pack(root, "/etc/alias/", as: .root("alias"))) == ["alias/", "alias/key"])
        // An absolute link is looked up inside the root.
        let packed = try pack(root, "/outward", as: .root("x"))
        #expect(try entries(packed)[0].linkText == "/etc/passwd")
    }

    @Test func pathsOutsideEndInside() throws {
        let scratch = try sample()
        defer { withExtendedLifetime(scratch) {} }
        let root = try scratch.root
        #expect(try names(pack(root, "/../../etc/passwd", as: .root("p"))) == ["p"])
        do {
            _ = try pack(root, "/nosuch/x", as: .root("x"))
            Issue.record("packed what does not exist")
        } catch let error as GantryError { #expect(error.kind == .notFound) }
    }

    @Test func someCanBeLeftOutOrChanged() throws {
        let scratch = try sample()
        defer { withExtendedLifetime(scratch) {} }
        let root = try scratch.root
        var bytes: [UInt8] = []
        let writer = TarWriter { bytes.append(contentsOf: $0) }
        let packer = TarPacker(root: root, writer: writer)
        packer.excluded = ["etc/ssh"]
        packer.transform = { entry in
            var entry = entry
            entry.userID = 42
            return entry.nameText == "outward" ? nil : entry
        }
        try packer.pack(as: .contents)
        try writer.finish()
        #expect(try names(bytes) == ["etc/", "etc/alias", "etc/passwd"])
        #expect(try entries(bytes).allSatisfy { $0.userID == 42 })
    }

    @Test func aPipeIsPackedWithoutWaitingForAWriter() throws {
        let scratch = try Scratch()
        #expect(mkfifo(scratch.path + "/root/pipe", 0o600) == 0)
        #expect(try entries(pack(scratch.root)).map(\.kind) == [.fifo])
    }
}

import Archive
import Essentials
import Glibc
import LinuxSystem
import Testing

@Suite struct TarExtractorTests {
    @Test func treesComeOutAsTheyWentIn() throws {
        let scratch = try Scratch()
        var setuid = file("bin/su", "program")
        setuid.0.permissions = 0o4755
        setuid.0.modifiedAt = 1_600_000_000_000_000_000
        setuid.0.attributes = ["user.note": Array("hello".utf8)]
        var old = directory("etc")
        old.0.permissions = 0o700
        old.0.modifiedAt = 1_500_000_000_000_000_000
        let bytes = try tar([old, file("etc/passwd", "root"), setuid, link("sh", "bin/su"), link("bin/sudo", "bin/su", hard: true)])
        let summary = try extract(bytes, into: scratch.root, .init(.plain))
        #expect(summary.entries == 5)
        #expect(summary.bytes == 11)
        #expect(try scratch.text("root/etc/passwd") == "root")
        #expect(try scratch.status("root/etc").permissions == 0o700)
        #expect(try scratch.status("root/etc").modifiedAt == 1_500_000_000_000_000_000)
        #expect(try scratch.status("root/bin/su").permissions == 0o4755)
        #expect(try scratch.status("root/bin/su").modifiedAt == 1_600_000_000_000_000_000)
        #expect(try scratch.status("root/bin/su").inode == scratch.status("root/bin/sudo").inode)
        #expect(scratch.link("root/sh") == "bin/su")
        // Missing parents are made.
        #expect(try scratch.status("root/bin").permissions == 0o755)
        // And back: sorted, the same twice.
        let packed = try pack(scratch.root)
        #expect(try names(packed) == ["bin/", "bin/su", "bin/sudo", "etc/", "etc/passwd", "sh"])
        #expect(try pack(scratch.root) == packed)
        #expect(try entries(packed)[2].kind == .hardLink)
        let second = try scratch.directory("second")
        try extract(packed, into: second, .init(.plain))
        #expect(try pack(second) == packed)
    }

    @Test func namesAndLinksStayInsideTheRoot() throws {
        let scratch = try Scratch()
        _ = try scratch.directory("outside")
        try FileSystem.replace(scratch.path + "/outside/secret", with: "secret")
        try FileSystem.replace(scratch.path + "/canary", with: "whole")
        let outside = scratch.path + "/outside"
        let hostile: [[(TarEntry, String)]] = [
            [file("../canary", "bad")], [file("../../../../../.." + scratch.path + "/canary", "bad")], [file("/canary", "bad")],
            [file("a/../../canary", "bad")], [link("l", outside), file("l/planted")], [link("l", "../outside"), file("l/planted")],
            [link("l", "/"), file("l/\(scratch.path)/canary", "bad")],
            [link("d1", ".."), link("d2", "d1/.."), file("d2/canary", "bad")],
            [link("h", outside + "/secret", hard: true), file("h", "bad")], [link("h", "../outside/secret", hard: true)],
            [link("l", outside), link("h", "l/secret", hard: true)],
            [link("f", outside + "/secret"), file("f", "bad")], [link("d", outside), directory("d")],
            [link("d", outside), link("d/x", "y")],
        ]
        for mode in [TarExtractor.Mode.plain, .layer] {
            for members in hostile {
                // Some of these are refused, some land inside: neither may touch what is outside.
                _ = try? extract(tar(members), into: scratch.root, .init(mode))
                #expect(try scratch.text("canary") == "whole")
                #expect(try scratch.text("outside/secret") == "secret")
                #expect(try FileSystem.list(outside) == ["secret"])
                #expect(try scratch.status("outside").permissions == 0o755)
                #expect(try scratch.status("outside/secret").links == 1)
                try FileSystem.removeTree(scratch.path + "/root")
                _ = try scratch.root
            }
        }
    }

    @Test func aLaterMemberReplacesAnEarlierOne() throws {
        let scratch = try Scratch()
        let bytes = try tar([
            file("a", "first"), file("a", "second"), directory("d"), file("d/x"), file("d", "now a file"), link("l", "a"),
            directory("l"), file("l/y"),
        ])
        try extract(bytes, into: scratch.root, .init(.plain))
        #expect(try scratch.text("root/a") == "second")
        #expect(try scratch.text("root/d") == "now a file")
        #expect(try scratch.text("root/l/y") == "x")
        // A directory over a directory keeps what is in it.
        try extract(tar([directory("l"), file("l/z")]), into: scratch.root, .init(.plain))
        #expect(try scratch.text("root/l/y") == "x")
    }

    @Test func replacingDirectoriesCanBeRefused() throws {
        let scratch = try Scratch()
        try extract(tar([directory("d"), file("f")]), into: scratch.root, .init(.plain))
        var options = TarExtractor.Options(.plain)
        options.noOverwriteDirNonDir = true
        #expect(throws: GantryError.self) { try extract(tar([file("d")]), into: scratch.root, options) }
        #expect(throws: GantryError.self) { try extract(tar([directory("f")]), into: scratch.root, options) }
        try extract(tar([directory("d"), file("f", "new")]), into: scratch.root, options)
        #expect(try scratch.text("root/f") == "new")
    }

    @Test func limitsStopAnArchive() throws {
        let scratch = try Scratch()
        var options = TarExtractor.Options(.plain)
        options.maximumBytes = 5
        #expect(throws: GantryError.self) { try extract(tar([file("a", "123"), file("b", "456")]), into: scratch.root, options) }
        options = TarExtractor.Options(.plain)
        options.maximumEntries = 1
        #expect(throws: GantryError.self) { try extract(tar([file("a"), file("b")]), into: scratch.root, options) }
    }

    @Test func plainArchivesHaveNoWhiteouts() throws {
        let scratch = try Scratch()
        try extract(tar([file(".wh.a"), file("d/.wh..wh..opq")]), into: scratch.root, .init(.plain))
        #expect(scratch.exists("root/.wh.a"))
        #expect(scratch.exists("root/d/.wh..wh..opq"))
    }

    @Test func namesThatAreNoTextAreKept() throws {
        let scratch = try Scratch()
        let name: [UInt8] = [0xff, 0xfe, 0x61]
        var bytes: [UInt8] = []
        let writer = TarWriter { bytes.append(contentsOf: $0) }
        try writer.add(TarEntry(name: name, kind: .regular))
        try writer.finish()
        try extract(bytes, into: scratch.root, .init(.plain))
        #expect(try entries(pack(scratch.root)).map(\.name) == [name])
    }

    @Test(.enabled(if: isRoot, "needs root: owners, devices and file capabilities")) func ownersDevicesAndCapabilitiesAreKept()
        throws
    {
        let scratch = try Scratch()
        let capability: [UInt8] = [1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        var owned = file("a")
        owned.0.userID = 1234
        owned.0.groupID = 70000
        owned.0.permissions = 0o2711
        owned.0.attributes = ["security.capability": capability, "trusted.overlay.opaque": [121], "security.selinux": [1]]
        var null = TarEntry(name: Array("null".utf8), kind: .characterDevice, permissions: 0o666)
        null.deviceMajor = 1
        null.deviceMinor = 3
        let pipe = TarEntry(name: Array("pipe".utf8), kind: .fifo, permissions: 0o600)
        let summary = try extract(tar([owned, (null, ""), (pipe, "")]), into: scratch.root, .init(.layer))
        #expect(summary.skippedAttributes == 2)
        let packed = try entries(pack(scratch.root))
        #expect(packed[0].userID == 1234 && packed[0].groupID == 70000 && packed[0].permissions == 0o2711)
        #expect(packed[0].attributes == ["security.capability": capability])
        #expect(packed[1].kind == .characterDevice && packed[1].deviceMinor == 3 && packed[1].permissions == 0o666)
        #expect(packed[2].kind == .fifo)
        var options = TarExtractor.Options(.plain)
        options.owner = (7, 8)
        try extract(tar([owned]), into: scratch.root, options)
        #expect(try scratch.status("root/a").userID == 7)
    }

    @Test(.enabled(if: isRoot, "needs root: whiteouts are device nodes and trusted attributes"))
    func whiteoutsBecomeOverlayMarksAndBack() throws {
        let scratch = try Scratch()
        let bytes = try tar([
            file(".wh.gone"), directory("d"), file("d/own", "1"), file("d/.wh..wh..opq"), file("e/.wh.x"), file(".wh.back"),
            directory("back"),
            file("back/new"), file("kept", "2"), file(".wh.kept"), directory("late"), file(".wh.late"), file(".wh..wh.plnk"),
        ])
        try extract(bytes, into: scratch.root, .init(.layer))
        #expect(OverlayMark.isWhiteout(try scratch.status("root/gone")))
        #expect(OverlayMark.isWhiteout(try scratch.status("root/e/x")))
        #expect(try scratch.text("root/d/own") == "1")
        #expect(try scratch.text("root/kept") == "2")
        for name in ["d", "back", "late"] { #expect(OverlayMark.isOpaque(try scratch.directory("root/" + name)), "\(name)") }
        #expect(!OverlayMark.isOpaque(try scratch.directory("root/e")))
        #expect(!scratch.exists("root/.wh..wh.plnk"))
        let packed = try pack(scratch.root, mode: .layer)
        #expect(
            try names(packed) == [
                "back/", "back/.wh..wh..opq", "back/new", "d/", "d/.wh..wh..opq", "d/own", "e/", "e/.wh.x", ".wh.gone", "kept",
                "late/",
                "late/.wh..wh..opq",
            ])
        let second = try scratch.directory("second")
        try extract(packed, into: second, .init(.layer))
        #expect(try pack(second, mode: .layer) == packed)
        for name in [".wh.", "a/.wh.", ".wh..", ".wh..."] {
            #expect(throws: GantryError.self, "\(name)") { try extract(tar([file(name)]), into: second, .init(.layer)) }
        }
    }
}

import Archive
import Essentials
import Testing

@Suite struct TarStreamTests {
    @Test(arguments: [1, 511, 512, 513, 100_000]) func whatIsWrittenIsReadAgain(pieces: Int) throws {
        var special = TarEntry(name: Array("dev/x".utf8), kind: .characterDevice, permissions: 0o620, userID: 5, groupID: 6)
        special.deviceMajor = 136
        special.deviceMinor = 300
        let long = String(repeating: "long/", count: 60) + "näme"
        var big = TarEntry(long, permissions: 0o4755, modifiedAt: -5_000_000_000)
        big.userID = 4_000_000_000
        big.attributes = ["user.a": [1, 0, 10, 61], "security.capability": [2]]
        let written: [(TarEntry, [UInt8])] = [
            (TarEntry("etc/"), []), (TarEntry("etc/empty"), []),
            (TarEntry("etc/file", modifiedAt: 1_700_000_000_000_000_000), Array(repeating: 7, count: 1500)),
            (big, [1, 2, 3]), (special, []), (link("l", String(repeating: "t/", count: 80)).0, []),
            (link("h", "etc/file", hard: true).0, []),
        ]
        var bytes: [UInt8] = []
        let writer = TarWriter { bytes.append(contentsOf: $0) }
        for (entry, content) in written { try writer.add(entry, content: content) }
        try writer.finish()
        #expect(bytes.count % 512 == 0)
        let reader = reader(bytes, pieces: pieces)
        for (entry, content) in written {
            let read = try #require(try reader.next())
            var expected = entry
            expected.size = entry.kind == .regular ? Int64(content.count) : 0
            #expect(read == expected)
            #expect(try reader.readAll(limit: 10000) == content)
        }
        #expect(try reader.next() == nil)
    }

    @Test func contentMayBeSkipped() throws {
        #expect(try names(try tar([file("a", String(repeating: "z", count: 5000)), file("b")])) == ["a", "b"])
    }

    @Test func truncatedArchivesAreErrors() throws {
        let bytes = try tar([file("a", String(repeating: "z", count: 5000))])
        for count in [1, 511, 513, 600, 5000] {
            #expect(throws: GantryError.self) { try names(Array(bytes[..<count])) }
        }
        #expect(try names([]) == [])
        #expect(throws: GantryError.self) { try names(Array("junk\n".utf8)) }
    }

    @Test func damagedHeadersAreErrors() throws {
        let bytes = try tar([file("a")])
        for (index, byte) in [(0, UInt8(ascii: "b")), (124, UInt8(ascii: "9")), (148, UInt8(ascii: "7"))] {
            var damaged = bytes
            damaged[index] = byte
            #expect(throws: GantryError.self) { try names(damaged) }
        }
    }

    /// A header with one field replaced and its checksum made right.
    private func forged(_ start: Int, _ field: [UInt8]) throws -> [UInt8] {
        var bytes = try tar([file("a")])
        bytes.replaceSubrange(start..<start + field.count, with: field)
        for index in 148..<156 { bytes[index] = 32 }
        let sum = String(bytes[..<512].reduce(0) { $0 + Int($1) }, radix: 8)
        bytes.replaceSubrange(148..<156, with: Array((String(repeating: "0", count: 6 - sum.count) + sum).utf8) + [0, 32])
        return bytes
    }

    @Test func impossibleSizesAreErrors() throws {
        let negative: [UInt8] = [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255]
        let huge: [UInt8] = [128, 0, 0, 0, 127, 255, 255, 255, 255, 255, 255, 255]
        let beyond: [UInt8] = [128, 127, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255]
        for field in [negative, huge, beyond, Array("garbage12345".utf8)] {
            #expect(throws: GantryError.self) { try names(try forged(124, field)) }
        }
        // Metadata of any size would be read into memory.
        #expect(throws: GantryError.self) { try names(try forged(124, Array("77777777777".utf8) + [0])) == ["a"] ? [] : ["?"] }
        #expect(throws: GantryError.self) { try names(try forged(156, [UInt8(ascii: "S")])) }
        #expect(throws: GantryError.self) { try names(try forged(156, [UInt8(ascii: "Z")])) }
    }

    @Test func malformedPaxRecordsAreErrors() throws {
        for text in ["99 path=a\n", "x path=a\n", "8 path=a", "6 a=b\n\n", "25 GNU.sparse.major=1\n\n\n\n"] {
            var header = Array(try tar([file("PaxHeader", text)])[..<1024])
            header[156] = UInt8(ascii: "x")
            for index in 148..<156 { header[index] = 32 }
            let sum = String(header[..<512].reduce(0) { $0 + Int($1) }, radix: 8)
            header.replaceSubrange(148..<156, with: Array((String(repeating: "0", count: 6 - sum.count) + sum).utf8) + [0, 32])
            let bytes = header + (try tar([file("a")]))
            #expect(throws: GantryError.self, "\(text)") { try names(bytes) }
        }
    }

    @Test func writingMoreOrLessThanAnnouncedIsAnError() throws {
        let writer = TarWriter { _ in }
        try writer.begin(TarEntry("a", size: 3))
        #expect(throws: GantryError.self) { try [UInt8](repeating: 0, count: 4).withUnsafeBytes { try writer.write($0) } }
        #expect(throws: GantryError.self) { try writer.finish() }
    }
}

import Crypto
import Essentials
import Glibc
import Images
import LinuxSystem
import OCI
import Synchronization
import Testing

@Suite(.enabled(if: isRoot, "needs root: layers keep owners")) struct LayerTests {
    @Test func aBlobIsStoredOnlyWhenItIsWhatWasPromised() throws {
        let fixture = try StoreFixture()
        let bytes = Array("content".utf8)
        let digest = Digest(sha256: SHA256.hash(data: bytes))
        let other = Digest(sha256: SHA256.hash(data: [1]))
        for (expected, size) in [(other, Int64(7)), (digest, 8)] {
            let ingest = try fixture.store.beginIngest()
            try ingest.write(bytes)
            #expect(failure { try ingest.commit(expecting: expected, size: size) }?.kind == .invalid)
            #expect(!fixture.store.hasBlob(expected))
        }
        do {
            let dropped = try fixture.store.beginIngest()
            try dropped.write(bytes)
        }
        #expect(try fixture.list("tmp/images").isEmpty)
        let ingest = try fixture.store.beginIngest()
        try ingest.write(bytes)
        #expect(ingest.written == 7)
        try ingest.commit(expecting: digest, size: 7)
        #expect(try fixture.store.openBlob(digest).readAll(limit: 100) == bytes)
        #expect(try fixture.store.blobSize(digest) == 7)
        #expect(failure { _ = try fixture.store.openBlob(other) }?.kind == .notFound)
    }

    @Test func layersLieOnEachOther() throws {
        let fixture = try StoreFixture()
        let lease = fixture.store.pin()
        defer { withExtendedLifetime(lease) {} }
        let first = try fixture.pullLayer(["etc/passwd": "root"])
        let second = try fixture.pullLayer(["etc/.wh.passwd": "", "x": "12345"], on: first.chainID)
        #expect(first.chainID == first.diffID)
        #expect(second.chainID == Digest(sha256: SHA256.hash(data: Array("\(first.chainID) \(second.diffID)".utf8))))
        #expect(try fixture.store.lowerNames(of: second.chainID) == ["\(second.number)/diff", "\(first.number)/diff"])
        #expect(second.size == 5)
        #expect(try FileSystem.readText("\(fixture.store.layersDirectory)/\(first.number)/diff/etc/passwd") == "root")
        // Exactly the bytes that were pulled.
        var bytes: [UInt8] = []
        try fixture.store.writeLayerTar(second) { bytes.append(contentsOf: $0) }
        #expect(bytes == (try layerTar(["etc/.wh.passwd": "", "x": "12345"])))
        #expect(Int64(bytes.count) == second.tarSize)
    }

    @Test func aWrongDiffIDLeavesNothing() throws {
        let fixture = try StoreFixture()
        let lease = fixture.store.pin()
        defer { withExtendedLifetime(lease) {} }
        let ingest = try fixture.store.beginIngest()
        try ingest.write(layerTar(["a": "b"]))
        let blob = try ingest.commit()
        let wrong = Digest(sha256: SHA256.hash(data: [9]))
        #expect(failure { _ = try fixture.store.unpackLayer(blob: blob, diffID: wrong, parent: nil) }?.kind == .invalid)
        #expect(failure { _ = try fixture.store.unpackLayer(blob: blob, diffID: wrong, parent: wrong) }?.kind == .notFound)
        #expect(try fixture.list("layers").isEmpty)
        let junk = try fixture.store.beginIngest()
        try junk.write(Array("junk".utf8))
        let junkBlob = try junk.commit()
        #expect(
            failure { _ = try fixture.store.unpackLayer(blob: junkBlob, diffID: junkBlob, parent: nil) }?.message
                == "unexpected EOF")
        #expect(try fixture.list("layers").isEmpty)
    }

    @Test func theSameLayerAskedForAtOnceIsUnpackedOnce() async throws {
        let fixture = try StoreFixture()
        let store = fixture.store
        let lease = store.pin()
        defer { withExtendedLifetime(lease) {} }
        let bytes = try layerTar(["big": String(repeating: "x", count: 3_000_000)])
        let ingest = try store.beginIngest()
        try ingest.write(bytes)
        let blob = try ingest.commit()
        let diffID = Digest(sha256: SHA256.hash(data: bytes))
        let layers = try await withThrowingTaskGroup(of: Layer.self) { group in
            for _ in 0..<4 { group.addTask { try store.unpackLayer(blob: blob, diffID: diffID, parent: nil) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(layers).count == 1)
        #expect(try fixture.list("layers") == ["\(layers[0].number)"])
    }

    @Test func whatWasWrittenBecomesALayer() throws {
        let fixture = try StoreFixture()
        let image = try fixture.pull([["etc/passwd": "root", "etc/group": "g", "var/a": "1"]], tags: ["base"])
        let id = Identifier.random()
        let snapshot = try fixture.store.prepareSnapshot(id: id, parent: image.topLayer)
        #expect(snapshot.lowerNames == ["\(image.layers[0].number)/diff"])
        try FileSystem.makeDirectories(snapshot.upper + "/etc")
        try FileSystem.replace(snapshot.upper + "/etc/passwd", with: "changed")
        #expect(mknod(snapshot.upper + "/etc/group", mode_t(S_IFCHR), 0) == 0)
        try FileSystem.replace(snapshot.upper + "/new", with: "12")
        #expect(try fixture.store.snapshotSize(id: id) == 9)
        #expect(
            try fixture.store.changes(of: snapshot) == [
                Change(path: "/etc", kind: .modified), Change(path: "/etc/group", kind: .deleted),
                Change(path: "/etc/passwd", kind: .modified),
                Change(path: "/new", kind: .added),
            ])
        // A copy leaves the snapshot as it is; committing the original finds the equal layer.
        let lease = fixture.store.pin()
        let copied = try fixture.store.copyLayer(of: snapshot)
        #expect(try fixture.store.snapshot(id: id) == snapshot)
        let layer = try fixture.store.commitSnapshot(id: id)
        #expect(layer == copied)
        #expect(layer.parent == image.topLayer)
        #expect(layer.blob == nil)
        #expect(layer.size == 9)
        #expect(try fixture.store.snapshot(id: id) == nil)
        #expect(try fixture.list("snapshots").isEmpty)
        #expect(try fixture.list("tmp/images").isEmpty)
        var bytes: [UInt8] = []
        try fixture.store.writeLayerTar(layer) { bytes.append(contentsOf: $0) }
        #expect(try members(bytes).map(\.0) == ["etc/", "etc/.wh.group", "etc/passwd", "new"])
        #expect(Digest(sha256: SHA256.hash(data: bytes)) == layer.diffID)
        // Content changed behind our back is noticed.
        try FileSystem.replace("\(fixture.store.layersDirectory)/\(layer.number)/diff/new", with: "34")
        #expect(failure { try fixture.store.writeLayerTar(layer) { _ in } }?.kind == .invalid)
        withExtendedLifetime(lease) {}
    }

    @Test func changesSeeThroughAllLayers() throws {
        let fixture = try StoreFixture()
        let image = try fixture.pull([
            ["a/one": "1", "a/two": "2", "b/x": "3", "c": "4"], ["a/.wh.one": "", "b/.wh..wh..opq": "", "b/y": "5", ".wh.c": ""],
        ])
        let snapshot = try fixture.store.prepareSnapshot(id: Identifier.random(), parent: image.topLayer)
        #expect(try fixture.store.changes(of: snapshot).isEmpty)
        for (name, content) in ["a/one": "new", "a/two": "mod", "b/x": "new", "b/y": "mod", "c": "new"] {
            let path = "\(snapshot.upper)/\(name)"
            if name.contains("/") { try FileSystem.makeDirectories("\(snapshot.upper)/\(name.prefix(1))") }
            try FileSystem.replace(path, with: content)
        }
        let kinds = Dictionary(uniqueKeysWithValues: try fixture.store.changes(of: snapshot).map { ($0.path, $0.kind) })
        #expect(
            kinds == [
                "/a": .modified, "/a/one": .added, "/a/two": .modified, "/b": .modified, "/b/x": .added, "/b/y": .modified,
                "/c": .added,
            ])
    }

    @Test func idsThatAreNoIDsNameNoDirectory() throws {
        let fixture = try StoreFixture()
        for id in ["", "..", "../../etc", "a/b", String(repeating: "A", count: 64), String(repeating: "a", count: 63) + "/"] {
            #expect(failure { _ = try fixture.store.prepareSnapshot(id: id, parent: nil) }?.kind == .invalid)
            #expect(failure { try fixture.store.removeSnapshot(id: id) }?.kind == .invalid)
        }
        let id = Identifier.random()
        _ = try fixture.store.prepareSnapshot(id: id, parent: nil)
        #expect(failure { _ = try fixture.store.prepareSnapshot(id: id, parent: nil) }?.kind == .conflict)
        try fixture.store.removeSnapshot(id: id)
        try fixture.store.removeSnapshot(id: id)
        #expect(try fixture.list("snapshots").isEmpty)
    }

    @Test func aStartRemovesWhatInterruptedWorkLeft() throws {
        let fixture = try StoreFixture()
        let image = try fixture.pull([["a": "1"]], tags: ["kept"])
        let id = Identifier.random()
        _ = try fixture.store.prepareSnapshot(id: id, parent: image.topLayer)
        for name in ["layers/new-1/diff/x", "layers/999/diff", "snapshots/\(Identifier.random())/diff", "tmp/images/load-1"] {
            try FileSystem.makeDirectories("\(fixture.path)/\(name)")
        }
        try FileSystem.replace(fixture.path + "/tmp/images/ingest-1", with: "half")
        try fixture.reopen()
        #expect(try fixture.list("layers") == ["\(image.layers[0].number)"])
        #expect(try fixture.list("snapshots") == [id])
        #expect(try fixture.list("tmp/images").isEmpty)
    }

    @Test func garbageCollectionKeepsWhatIsUsedOrPinned() throws {
        let fixture = try StoreFixture()
        let store = fixture.store
        var lease: Lease? = store.pin()
        let layer = try fixture.pullLayer(["a": "1"])
        try store.collectGarbage()
        #expect(try store.layer(chainID: layer.chainID) == layer)
        #expect(lease != nil)
        lease = nil
        store.setRetained { [layer.chainID] }
        try store.collectGarbage()
        #expect(try store.layer(chainID: layer.chainID) == layer)
        let id = Identifier.random()
        _ = try store.prepareSnapshot(id: id, parent: layer.chainID)
        store.setRetained { [] }
        try store.collectGarbage()
        #expect(try store.layer(chainID: layer.chainID) == layer)
        try store.removeSnapshot(id: id)
        try store.collectGarbage()
        #expect(try store.layer(chainID: layer.chainID) == nil)
        #expect(try fixture.list("layers").isEmpty)
        #expect(try fixture.list("blobs/sha256").isEmpty)
    }
}

import Essentials
import Images
import OCI
import Testing

@Suite(.enabled(if: isRoot, "needs root: layers keep owners")) struct ImageTests {
    @Test func imagesAreFoundByEveryName() throws {
        let fixture = try StoreFixture()
        let image = try fixture.pull([["a": "1"]], tags: ["busybox", "localhost:5000/app:2"])
        let manifest = try Digest("sha256:" + String(repeating: "b", count: 64))
        try fixture.store.setRepoDigest(Reference("busybox"), manifestDigest: manifest, image: image.id)
        for name in [
            "busybox", "busybox:latest", "docker.io/library/busybox", "localhost:5000/app:2", image.id.description, image.id.hex,
            image.id.short,
            String(image.id.hex.prefix(5)), "sha256:" + image.id.short, "busybox@\(manifest)", "busybox:latest@\(manifest)",
            "busybox@\(image.id)",
        ] { #expect(try fixture.store.image(name).id == image.id, "\(name)") }
        let found = try fixture.store.image("busybox")
        #expect(found.references.map(\.familiar) == ["busybox:latest", "localhost:5000/app:2"])
        #expect(found.repoDigests.map(\.familiar) == ["busybox@\(manifest)"])
        #expect(failure { _ = try fixture.store.image("nosuch") }?.message == "No such image: nosuch:latest")
        #expect(failure { _ = try fixture.store.image("a/b/c:d") }?.message == "No such image: a/b/c:d")
        #expect(failure { _ = try fixture.store.image("UPPER") }?.kind == .invalid)
        #expect(failure { _ = try fixture.store.image("../../etc") }?.kind == .invalid)
        let missing = "sha256:" + String(repeating: "0", count: 64)
        #expect(failure { _ = try fixture.store.image(missing) }?.message == "No such image: \(missing)")
        #expect(failure { _ = try fixture.store.image("%") }?.kind == .invalid)
    }

    @Test func namesMove() throws {
        let fixture = try StoreFixture()
        let first = try fixture.pull([["a": "1"]], tags: ["app"])
        let second = try fixture.pull([["a": "2"]], tags: ["app"])
        #expect(try fixture.store.image("app").id == second.id)
        #expect(try fixture.store.image(id: first.id)?.references == [])
        let digest = String(repeating: "a", count: 64)
        #expect(
            failure { try fixture.store.tag(first.id, as: Reference("foo@sha256:\(digest)")) }?.message
                == "refusing to create a tag with a digest reference")
        #expect(
            failure { try fixture.store.tag(first.id, as: Reference("sha256:abc")) }?.message
                == "refusing to create an ambiguous tag using digest algorithm as name")
    }

    @Test func imagesNeedTheirLayers() throws {
        let fixture = try StoreFixture()
        let missing = try Digest("sha256:" + String(repeating: "c", count: 64))
        #expect(
            failure { _ = try fixture.store.createImage(config: ImageConfig(platform: .host, diffIDs: [missing])) }?.kind
                == .notFound)
        let many = [Digest](repeating: missing, count: 126)
        #expect(
            failure { _ = try fixture.store.createImage(config: ImageConfig(platform: .host, diffIDs: many)) }?.kind == .invalid)
        for text in ["", "{", "[]", #"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["../../x"]}}"#] {
            #expect(failure { _ = try fixture.store.createImage(configBytes: Array(text.utf8)) }?.kind == .invalid, "\(text)")
        }
        #expect(try fixture.store.list().isEmpty)
    }

    @Test func historyNamesStepsNewestFirst() throws {
        let fixture = try StoreFixture()
        let base = try fixture.pull([["a": "1"]], tags: ["base"])
        let image = try fixture.pull([["a": "1"], ["b": "22"]], tags: ["app:1"], parent: base.id)
        let history = try fixture.store.history(image)
        #expect(history.map(\.createdBy) == ["CMD", "step 1", "step 0"])
        #expect(history.map(\.size) == [0, 2, 1])
        #expect(history[0].id == image.id && history[0].tags.map(\.familiar) == ["app:1"])
        #expect(history[1].id == base.id)
        #expect(history[2].id == nil)
        let usage = try fixture.store.diskUsage()
        #expect(usage.layersSize == 3)
        #expect(usage.images.first { $0.image.id == image.id }?.sharedSize == 1)
        #expect(usage.images.first { $0.image.id == base.id }?.uniqueSize == 0)
    }
}

/// What recordings of Docker show for `rmi`.
@Suite(.enabled(if: isRoot, "needs root: layers keep owners")) struct ImageRemovalTests {
    private let nobody = ImageUsage()
    private let container = Identifier.random()

    private func used(_ image: Image, running: Bool = false) -> ImageUsage {
        ImageUsage([image.id: [.init(id: container, isRunning: running)]])
    }

    @Test func theLastNameTakesTheImageWithIt() throws {
        let fixture = try StoreFixture()
        let image = try fixture.pull([["a": "1"], ["b": "1"]], tags: ["app:1", "app:2"])
        let manifest = try Digest("sha256:" + String(repeating: "b", count: 64))
        try fixture.store.setRepoDigest(Reference("app"), manifestDigest: manifest, image: image.id)
        #expect(try fixture.store.remove("app:1", force: false, prune: true, usage: used(image)) == [.untagged("app:1")])
        #expect(
            try fixture.store.remove("app:2", force: false, prune: true, usage: nobody) == [
                .untagged("app:2"), .untagged("app@\(manifest)"), .deleted(image.id), .deleted(image.layers[1].chainID),
                .deleted(image.layers[0].chainID),
            ])
        #expect(try fixture.list("layers").isEmpty)
        #expect(try fixture.list("blobs/sha256").isEmpty)
        #expect(
            failure { _ = try fixture.store.remove("app:2", force: true, prune: true, usage: nobody) }?.message
                == "No such image: app:2")
    }

    @Test func aUsedImageKeepsItsLastName() throws {
        let fixture = try StoreFixture()
        let image = try fixture.pull([["a": "1"]], tags: ["i1"])
        let short = Identifier.short(container)
        #expect(
            failure { _ = try fixture.store.remove("i1", force: false, prune: true, usage: used(image)) }?.message
                == "conflict: unable to remove repository reference \"i1\" (must force) - container \(short) is using its referenced image \(image.id.short)"
        )
        #expect(
            failure { _ = try fixture.store.remove(image.id.short, force: false, prune: true, usage: used(image)) }?.message
                == "conflict: unable to delete \(image.id.short) (must be forced) - image is being used by stopped container \(short)"
        )
        #expect(
            failure { _ = try fixture.store.remove(image.id.short, force: true, prune: true, usage: used(image, running: true)) }?
                .message
                == "conflict: unable to delete \(image.id.short) (cannot be forced) - image is being used by running container \(short)"
        )
        // Forced: a running container's image loses its name only.
        #expect(
            try fixture.store.remove("i1", force: true, prune: true, usage: used(image, running: true)) == [.untagged("i1:latest")])
        #expect(try fixture.store.image(id: image.id) != nil)
        try fixture.store.tag(image.id, as: Reference("i1"))
        // A stopped one's goes; the layer stays because the container stands on it.
        _ = try fixture.store.prepareSnapshot(id: container, parent: image.topLayer)
        #expect(
            try fixture.store.remove("i1", force: true, prune: true, usage: used(image)) == [
                .untagged("i1:latest"), .deleted(image.id),
            ])
        #expect(try fixture.store.layer(chainID: image.layers[0].chainID) != nil)
    }

    @Test func severalRepositoriesNeedForce() throws {
        let fixture = try StoreFixture()
        let image = try fixture.pull([["a": "1"]], tags: ["one", "two"])
        #expect(
            failure { _ = try fixture.store.remove(image.id.short, force: false, prune: true, usage: nobody) }?.message
                == "conflict: unable to delete \(image.id.short) (must be forced) - image is referenced in multiple repositories")
        #expect(
            try fixture.store.remove(image.id.hex, force: true, prune: true, usage: nobody) == [
                .untagged("one:latest"), .untagged("two:latest"), .deleted(image.id), .deleted(image.layers[0].chainID),
            ])
    }

    @Test func childrenKeepTheirParents() throws {
        let fixture = try StoreFixture()
        let parent = try fixture.pull([["a": "1"]], tags: ["i1"])
        let child = try fixture.pull([["a": "1"], ["b": "1"]], tags: ["i2"], parent: parent.id)
        #expect(
            failure { _ = try fixture.store.remove(parent.id.short, force: true, prune: true, usage: nobody) }?.message
                == "conflict: unable to delete \(parent.id.short) (cannot be forced) - image has dependent child images")
        #expect(try fixture.store.remove("i1", force: false, prune: true, usage: nobody) == [.untagged("i1:latest")])
        #expect(
            try fixture.store.remove("i2", force: false, prune: false, usage: nobody) == [
                .untagged("i2:latest"), .deleted(child.id), .deleted(child.layers[1].chainID),
            ])
        #expect(try fixture.store.image(id: parent.id) != nil)
        let again = try fixture.pull([["a": "1"], ["b": "1"]], tags: ["i2"], parent: parent.id)
        #expect(
            try fixture.store.remove("i2", force: false, prune: true, usage: nobody) == [
                .untagged("i2:latest"), .deleted(again.id), .deleted(again.layers[1].chainID), .deleted(parent.id),
                .deleted(parent.layers[0].chainID),
            ])
    }

    @Test func pruningTakesWhatNobodyUses() throws {
        let fixture = try StoreFixture()
        let dangling = try fixture.pull([["a": "12"]])
        let named = try fixture.pull([["b": "123"]], tags: ["named"], labels: ["keep": "yes"])
        let busy = try fixture.pull([["c": "1"]])
        #expect(
            try fixture.store.prune(all: false, usage: used(busy), filter: .init()).removed == [
                .deleted(dangling.id), .deleted(dangling.layers[0].chainID),
            ])
        var filter = ImageStore.PruneFilter()
        filter.withoutLabels = ["keep"]
        #expect(try fixture.store.prune(all: true, usage: used(busy), filter: filter).removed.isEmpty)
        filter = ImageStore.PruneFilter()
        filter.until = Timestamp(rfc3339: "2025-01-01T00:00:00Z")
        #expect(try fixture.store.prune(all: true, usage: used(busy), filter: filter).removed.isEmpty)
        filter = ImageStore.PruneFilter()
        filter.labels = ["keep=yes"]
        let result = try fixture.store.prune(all: true, usage: used(busy), filter: filter)
        #expect(result.removed == [.untagged("named:latest"), .deleted(named.id), .deleted(named.layers[0].chainID)])
        #expect(result.reclaimed == 3)
        #expect(try fixture.store.list().map(\.id) == [busy.id])
    }
}

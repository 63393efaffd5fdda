import Essentials
import Images
import OCI
import Testing

@Suite("Lists of images under a name", .enabled(if: isRoot, "layers need root")) struct ImageListTests {
    private let amd64 = Platform(os: "linux", architecture: "amd64")
    private let arm64 = Platform(os: "linux", architecture: "arm64")

    private func fixture() throws -> (StoreFixture, ImageList) {
        let fixture = try StoreFixture()
        let main = try fixture.pull([["a": "1"]], tags: ["app:1"])
        let other = try fixture.pull([["a": "2"]])
        let list = ImageList(
            members: [.init(platform: amd64, image: main.id), .init(platform: arm64, image: other.id)], main: main.id)
        try fixture.store.setList(list, as: Reference("app:1"))
        return (fixture, list)
    }

    @Test func imagesByPlatform() throws {
        let (fixture, list) = try fixture()
        #expect(try fixture.store.list(named: Reference("app:1")) == list)
        #expect(list.image(for: arm64) == list.members[1].image)
        #expect(list.image(for: Platform(os: "linux", architecture: "arm64", variant: "v8")) == list.members[1].image)
        #expect(list.image(for: Platform(os: "linux", architecture: "s390x")) == nil)
    }

    @Test func othersStayWhileTheNameDoes() throws {
        let (fixture, list) = try fixture()
        try fixture.reopen()
        let pruned = try fixture.store.prune(all: false, usage: ImageUsage(), filter: ImageStore.PruneFilter())
        #expect(pruned.removed.isEmpty)
        #expect(throws: GantryError.self) {
            try fixture.store.remove(list.members[1].image.description, force: false, prune: true, usage: ImageUsage())
        }
        _ = try fixture.store.remove("app:1", force: false, prune: true, usage: ImageUsage())
        #expect(try fixture.store.list().isEmpty)
    }

    @Test func aNameThatMovesIsNoListAnyMore() throws {
        let (fixture, list) = try fixture()
        let third = try fixture.pull([["a": "3"]], tags: ["app:1"])
        #expect(try fixture.store.list(named: Reference("app:1")) == nil)
        try fixture.store.setList(list, as: Reference("app:1"))
        #expect(try fixture.store.list(named: Reference("app:1")) == nil)
        let pruned = try fixture.store.prune(all: false, usage: ImageUsage(), filter: ImageStore.PruneFilter())
        #expect(pruned.removed.count >= 2)
        #expect(try fixture.store.list().map(\.id) == [third.id])
    }
}

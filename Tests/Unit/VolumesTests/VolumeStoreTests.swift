import Essentials
import GRDB
import Glibc
import LinuxSystem
import Logging
import Testing

@testable import Volumes

/// A scratch directory with a store, removed at the end.
final class Scratch {
    let path = "/tmp/volumes-\(Identifier.randomHex(bytes: 6))"
    let store: VolumeStore

    init() throws {
        try FileSystem.makeDirectories(path)
        let database = try DatabaseQueue()
        var migrator = DatabaseMigrator()
        VolumeStore.registerMigrations(&migrator)
        try migrator.migrate(database)
        store = try VolumeStore(database: database, dataRoot: path, logger: Logger(label: "test"))
    }

    deinit {
        for name in (try? store.list())?.map(\.name) ?? [] { try? FileSystem.unmountFileSystem(store.mountpoint(name)) }
        try? FileSystem.removeTree(path)
    }
}

@Suite struct VolumeStoreTests {
    private func message(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch { return (error as? GantryError)?.message }
    }

    @Test func lifeOfAVolume() throws {
        let scratch = try Scratch()
        let store = scratch.store
        let volume = try store.create(name: "v1", labels: ["a": "b"])
        #expect(try store.create(name: "v1") == volume)
        #expect(FileSystem.exists(store.mountpoint("v1")))
        try store.addReference(volume: "v1", container: "c1", destination: "/data")
        #expect(message { try store.remove("v1") } == "remove v1: volume is in use - [c1]")
        #expect(try store.prune(all: true).removed.isEmpty)
        #expect(try store.removeReferences(container: "c1") == ["v1"])
        try store.remove("v1")
        #expect(!FileSystem.exists("\(scratch.path)/volumes/v1"))
        #expect(message { try store.remove("v1") } == "get v1: no such volume")
        try store.remove("v1", force: true)
    }

    @Test func anonymousOnesArePrunedFirst() throws {
        let scratch = try Scratch()
        let anonymous = try scratch.store.create(name: nil)
        #expect(Identifier.isFull(anonymous.name))
        #expect(anonymous.labels == [Volume.anonymousLabel: ""])
        _ = try scratch.store.create(name: "named")
        #expect(try scratch.store.prune(all: false).removed == [anonymous.name])
        #expect(try scratch.store.prune(all: true).removed == ["named"])
    }

    /// Recording `volume`.
    @Test func refusalsInDockersWords() throws {
        let scratch = try Scratch()
        let store = scratch.store
        #expect(message { _ = try store.create(name: "a") }?.hasPrefix("create a: volume name is too short") == true)
        #expect(
            message { _ = try store.create(name: "bad name") }?.hasPrefix(
                "create bad name: \"bad name\" includes invalid characters") == true)
        #expect(message { _ = try store.create(name: "../x") } != nil)
        #expect(
            message { _ = try store.create(name: "v3", driver: "nosuch") }
                == "create v3: error looking up volume plugin nosuch: plugin \"nosuch\" not found")
        #expect(message { _ = try store.create(name: "v4", options: ["foo": "bar"]) } == "create v4: invalid option: \"foo\"")
        #expect(try store.list().isEmpty)
    }

    @Test func mountOptions() throws {
        #expect(
            try LocalOptions.mount(["type": "tmpfs", "device": "tmpfs", "o": "size=1m,ro,nodev"], volume: "v")
                == .init(type: "tmpfs", source: "tmpfs", flags: 5, data: "size=1m"))
        #expect(
            try LocalOptions.mount(["type": "none", "device": "/srv", "o": "bind"], volume: "v")
                == .init(type: "", source: "/srv", flags: 4096, data: ""))
        #expect(try LocalOptions.mount([:], volume: "v") == nil)
    }

    @Test(.enabled(if: geteuid() == 0, "needs root: mounts a tmpfs"))
    func mountedOnUse() throws {
        let scratch = try Scratch()
        let store = scratch.store
        _ = try store.create(name: "v2", options: ["type": "tmpfs", "device": "tmpfs", "o": "size=1m"])
        let path = try store.prepare("v2")
        #expect(FileSystem.isMountPoint(path))
        #expect(try store.prepare("v2") == path)
        try store.release("v2", running: [])
        #expect(!FileSystem.isMountPoint(path))
        _ = try store.create(name: "gone", options: ["type": "none", "device": "/nonexistent/x", "o": "bind"])
        #expect(message { _ = try store.prepare("gone") }?.hasPrefix("failed to mount local volume") == true)
    }

    @Test(.enabled(if: geteuid() == 0, "needs root: changes owners and makes devices"))
    func fillsOnlyEmptyVolumes() throws {
        let scratch = try Scratch()
        let store = scratch.store
        let root = "\(scratch.path)/root"
        try FileSystem.makeDirectories("\(root)/data/sub")
        try FileSystem.replace("\(root)/data/file", with: "hello", mode: 0o640)
        #expect(chown("\(root)/data/file", 7, 8) == 0)
        #expect(link("\(root)/data/file", "\(root)/data/sub/again") == 0)
        #expect(symlink("/etc/passwd", "\(root)/data/link") == 0)
        #expect(mkfifo("\(root)/data/pipe", 0o600) == 0)
        #expect(symlink("/data", "\(root)/alias") == 0)
        _ = try store.create(name: "full")
        #expect(try store.fill(volume: "full", fromRoot: try OwnedDescriptor.open(root, O_RDONLY | O_DIRECTORY), path: "/alias"))
        let at = store.mountpoint("full")
        let file = try FileStatus("\(at)/file")
        #expect(try FileSystem.readText("\(at)/file") == "hello")
        #expect(file.userID == 7 && file.groupID == 8 && file.permissions == 0o640 && file.links == 2)
        #expect(try FileStatus("\(at)/sub/again").inode == file.inode)
        #expect(try FileStatus("\(at)/link").kind == .symbolicLink)
        #expect(try FileStatus("\(at)/pipe").kind == .fifo)
        #expect(try store.size("full") > 0)
        try FileSystem.remove("\(at)/pipe")
        #expect(try !store.fill(volume: "full", fromRoot: try OwnedDescriptor.open(root, O_RDONLY | O_DIRECTORY), path: "/data"))
        #expect(!FileSystem.exists("\(at)/pipe"))
    }

    @Test func leftoversAreFound() throws {
        let scratch = try Scratch()
        try FileSystem.makeDirectories("\(scratch.path)/volumes/empty/_data")
        try FileSystem.makeDirectories("\(scratch.path)/volumes/full/_data/x")
        _ = try scratch.store.create(name: "known")
        try scratch.store.addReference(volume: "known", container: "dead", destination: "/x")
        try scratch.store.reconcile(containers: [])
        #expect(try Set(FileSystem.list("\(scratch.path)/volumes")) == ["full", "known"])
        #expect(try scratch.store.references("known").isEmpty)
    }
}

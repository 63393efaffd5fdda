import Archive
import Crypto
import Essentials
import GRDB
import Glibc
import Images
import LinuxSystem
import Logging
import OCI
import Testing

let isRoot = geteuid() == 0

/// A store of its own below a temporary directory that goes with it.
final class StoreFixture {
    let path: String
    let database: DatabaseQueue
    private(set) var store: ImageStore

    init() throws {
        path = "/tmp/gantry-images-\(Identifier.randomHex(bytes: 8))"
        try FileSystem.makeDirectories(path)
        database = try DatabaseQueue(path: path + "/gantry.db")
        var migrator = DatabaseMigrator()
        ImageStore.registerMigrations(&migrator)
        try migrator.migrate(database)
        store = try ImageStore(
            dataRoot: path, database: database, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    deinit { try? FileSystem.removeTree(path) }

    /// As after a restart of the daemon.
    func reopen() throws {
        store = try ImageStore(
            dataRoot: path, database: database, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    /// Names below a directory of the data root.
    func list(_ name: String) throws -> [String] { try FileSystem.list("\(path)/\(name)").sorted() }

    /// A layer of these files, as a pull brings it.
    func pullLayer(_ files: [String: String], on parent: OCI.Digest? = nil) throws -> Layer {
        let bytes = try layerTar(files)
        let ingest = try store.beginIngest()
        try ingest.write(bytes)
        let digest = try ingest.commit()
        return try store.unpackLayer(blob: digest, diffID: Digest(sha256: SHA256.hash(data: bytes)), parent: parent)
    }

    /// An image of one layer for each set of files, made as a pull makes it.
    func pull(
        _ layers: [[String: String]], tags: [String] = [], parent: OCI.Digest? = nil, labels: [String: String] = [:]
    ) throws -> Image {
        let lease = store.pin()
        defer { withExtendedLifetime(lease) {} }
        var top: OCI.Digest?
        var diffIDs: [OCI.Digest] = []
        var history: [ImageConfig.History] = []
        for files in layers {
            let layer = try pullLayer(files, on: top)
            top = layer.chainID
            diffIDs.append(layer.diffID)
            history.append(.init(created: "2026-01-02T03:04:05Z", createdBy: "step \(history.count)"))
        }
        var defaults = ContainerDefaults()
        defaults.labels = labels
        let image = try store.createImage(
            config: ImageConfig(
                created: "2026-01-02T03:04:05Z", platform: .host, config: defaults, diffIDs: diffIDs,
                history: history + [.init(created: nil, createdBy: "CMD", emptyLayer: true)]),
            parent: parent)
        for tag in tags { try store.tag(image.id, as: Reference(tag)) }
        return try #require(try store.image(id: image.id))
    }

    func save(_ names: [String]) throws -> [UInt8] {
        var bytes: [UInt8] = []
        try store.save(names) { bytes.append(contentsOf: $0) }
        return bytes
    }
}

func layerTar(_ files: [String: String]) throws -> [UInt8] {
    var bytes: [UInt8] = []
    let writer = TarWriter { bytes.append(contentsOf: $0) }
    for (name, content) in files.sorted(by: { $0.key < $1.key }) { try writer.add(TarEntry(name), content: Array(content.utf8)) }
    try writer.finish()
    return bytes
}

func source(_ bytes: [UInt8], pieces: Int = 10000) -> () throws -> [UInt8]? {
    var rest = bytes[...]
    return {
        if rest.isEmpty { return nil }
        defer { rest = rest.dropFirst(pieces) }
        return Array(rest.prefix(pieces))
    }
}

/// Runs the body and gives the error it throws.
func failure(_ body: () throws -> Void) -> GantryError? {
    do {
        try body()
        return nil
    } catch { return error as? GantryError }
}

func members(_ bytes: [UInt8]) throws -> [(String, [UInt8])] {
    let reader = TarReader(source(bytes))
    var result: [(String, [UInt8])] = []
    while let entry = try reader.next() { result.append((entry.nameText, try reader.readAll(limit: 1 << 24))) }
    return result
}

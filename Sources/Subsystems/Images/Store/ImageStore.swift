internal import Archive
internal import Dispatch
internal import Essentials
package import GRDB
internal import Glibc
internal import LinuxSystem
package import Logging
package import OCI
internal import Synchronization

/// Images, their layers and what is written on top of them, below one data root.
///
/// Blobs are files named by their digest; layers are directories that overlayfs uses as lowers; records are in the database.
/// A record is written last and removed first, so a kill at any instant leaves at most directories without a record, which the
/// next start removes. All functions block.
package final class ImageStore: Sendable {
    let paths: StorePaths
    let database: any DatabaseWriter
    let logger: Logger
    /// One at a time for each layer: the second caller finds the work of the first.
    let layerLock = KeyedLock()
    let collection = Mutex(CollectionState())
    let checkpoints = DigestCheckpoints()
    /// Deletes what nobody waits for, one directory after another.
    let disposal = DispatchQueue(label: "gantry.disposal", qos: .utility)

    struct CollectionState {
        /// Unfinished work that may use layers and blobs no record points to yet.
        var leases = 0
        /// Chain ids that somebody else needs: the build cache.
        var retained: @Sendable () throws -> Set<Digest> = { [] }
    }

    /// Makes the directories and removes what interrupted work left.
    package init(dataRoot: String, database: any DatabaseWriter, logger: Logger) throws {
        paths = StorePaths(dataRoot: dataRoot)
        self.database = database
        self.logger = logger
        for (path, mode) in paths.directories { try FileSystem.makeDirectories(path, mode: mode) }
        try removeLeftovers()
    }

    /// The directory that lower names are relative to.
    package var layersDirectory: String { paths.layers }

    /// Temporary files, layers and snapshots without a record: a kill came before the record was written or after it was removed.
    private func removeLeftovers() throws {
        let (numbers, snapshots) = try database.read { db in
            (
                Set(try Int64.fetchAll(db, sql: "SELECT number FROM imageLayers").map(String.init)),
                Set(try String.fetchAll(db, sql: "SELECT id FROM imageSnapshots"))
            )
        }
        let checks: [(directory: String, isKnown: (String) -> Bool)] = [
            (paths.temporary, { _ in false }), (paths.layers, numbers.contains), (paths.snapshots, snapshots.contains),
        ]
        for check in checks {
            for name in try FileSystem.list(check.directory) where !check.isKnown(name) {
                let path = "\(check.directory)/\(name)"
                do {
                    try FileSystem.removeTree(path)
                    logger.info("removed what interrupted work left", metadata: ["path": "\(path)"])
                } catch {
                    logger.warning("cannot remove what interrupted work left", metadata: ["path": "\(path)", "error": "\(error)"])
                }
            }
        }
    }

    /// Sets who is asked for layers to keep besides those of images and snapshots.
    package func setRetained(_ provider: @escaping @Sendable () throws -> Set<Digest>) {
        collection.withLock { $0.retained = provider }
    }
}

/// Where things are below the data root.
struct StorePaths: Sendable {
    let blobs: String
    let layers: String
    let snapshots: String
    let temporary: String

    init(dataRoot: String) {
        blobs = "\(dataRoot)/blobs/sha256"
        layers = "\(dataRoot)/layers"
        snapshots = "\(dataRoot)/snapshots"
        temporary = "\(dataRoot)/tmp/images"
    }

    /// Not open to other users: layers hold setuid programs.
    var directories: [(path: String, mode: UInt32)] { [blobs, layers, snapshots, temporary].map { ($0, 0o710) } }

    func blob(_ digest: Digest) -> String { "\(blobs)/\(digest.hex)" }
    func layer(_ number: Int64) -> String { "\(layers)/\(number)" }
    func layerContent(_ number: Int64) -> String { "\(layers)/\(number)/diff" }
    func newTemporary(_ kind: String) -> String { "\(temporary)/\(kind)-\(Identifier.randomHex(bytes: 8))" }
    /// Beside the layers, so that adopting is a rename.
    func newLayer() -> String { "\(layers)/new-\(Identifier.randomHex(bytes: 8))" }
}

internal import Essentials
internal import GRDB
internal import Glibc
internal import LinuxSystem
internal import Logging
internal import OCI
internal import Synchronization

/// Keeps garbage collection from removing anything while it lives: a pull unpacks layers before an image points to them.
package final class Lease: Sendable {
    private let store: ImageStore

    init(_ store: ImageStore) { self.store = store }

    deinit { store.collection.withLock { $0.leases -= 1 } }
}

extension ImageStore {
    /// Call it before looking for layers or blobs, keep it until the image is made: `defer { withExtendedLifetime(lease) {} }`,
    /// because an object that is not used again may go at once.
    package func pin() -> Lease {
        collection.withLock { $0.leases += 1 }
        return Lease(self)
    }

    /// Removes blobs and layers that no image, snapshot, retained chain id needs. Does nothing while a ``Lease`` lives: the next
    /// call does it.
    package func collectGarbage() throws { _ = try collect() }

    /// - Returns: layers removed, each before its parent.
    @discardableResult
    func collect() throws -> [Layer] {
        let retained = try collection.withLock(\.retained)()
        // The records and blobs go with the lock held, so that who pins after that sees none of them; directories can follow.
        let removed: [Layer] = try collection.withLock { state in
            guard state.leases == 0 else { return [] }
            let removed = try database.write { db in try Self.removeUnusedLayers(db, retained: retained) }
            try removeUnusedBlobs()
            return removed
        }
        for layer in removed { removeDirectory(paths.layer(layer.number)) }
        return removed
    }

    private static func removeUnusedLayers(_ db: Database, retained: Set<Digest>) throws -> [Layer] {
        let layers = try Layer.fetchAll(db)
        let byChain = Dictionary(uniqueKeysWithValues: layers.map { ($0.chainID.description, $0) })
        let roots = try String.fetchAll(
            db,
            sql:
                "SELECT topLayer FROM images WHERE topLayer IS NOT NULL UNION SELECT parent FROM imageSnapshots WHERE parent IS NOT NULL"
        )
        var used: Set<String> = []
        for root in roots + retained.map(\.description) {
            var next: String? = root
            while let chain = next, let layer = byChain[chain], used.insert(chain).inserted { next = layer.parent?.description }
        }
        // Newer layers are never parents of older ones.
        let unused = layers.filter { !used.contains($0.chainID.description) }.sorted { $0.number > $1.number }
        for layer in unused { try db.execute(sql: "DELETE FROM imageLayers WHERE number = ?", arguments: [layer.number]) }
        return unused
    }

    private func removeUnusedBlobs() throws {
        let used = Set(
            try database.read { db in
                try String.fetchAll(db, sql: "SELECT blobDigest FROM imageLayers WHERE blobDigest IS NOT NULL")
            })
        for name in try FileSystem.list(paths.blobs) where !used.contains("sha256:" + name) {
            try FileSystem.remove("\(paths.blobs)/\(name)")
        }
    }

    /// Removes a directory whose record is gone; what cannot be removed now is removed at the next start.
    func removeDirectory(_ path: String) {
        do { try FileSystem.removeTree(path) } catch {
            logger.warning("cannot remove directory", metadata: ["path": "\(path)", "error": "\(error)"])
        }
    }
}

import Archive
import Essentials
import GRDB
import Glibc
import LinuxSystem
import Logging
import OCI

/// A layer directory without a record, removed again unless it is adopted.
final class StagedLayer {
    private let store: ImageStore
    private let parent: Digest?
    private let path: String
    private var adopted = false
    private var content: String { "\(path)/diff" }

    /// - Parameter adopting: a directory that becomes the content by rename; nil makes an empty one.
    init(_ store: ImageStore, parent: Digest?, adopting upper: String? = nil) throws {
        self.store = store
        self.parent = parent
        path = store.paths.newLayer()
        let below = try parent.map { chain -> Layer in
            guard let layer = try store.layer(chainID: chain) else { throw GantryError.notFound("no such layer: \(chain)") }
            return layer
        }
        try FileSystem.makeDirectories(path, mode: 0o710)
        if let upper {
            try check("rename", upper) { rename(upper, content) }
        } else {
            try FileSystem.makeDirectories(content, mode: 0o755)
            try store.copyRootAttributes(from: below.map { store.paths.layerContent($0.number) }, to: content)
        }
    }

    deinit { if !adopted { store.removeDirectory(path) } }

    /// - Returns: digest and bytes of the whole tar, and bytes of its files.
    func extract(_ source: @escaping () throws -> [UInt8]?) throws -> (Digest, Int64, Int64) {
        let digest = TarDigest()
        let reader = TarReader {
            guard let chunk = try source() else { return nil }
            chunk.withUnsafeBytes { digest.add($0) }
            return chunk
        }
        let root = try OwnedDescriptor.open(content, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        let summary = try TarExtractor(into: root, options: .init(.layer)).extract(reader)
        try reader.drain()
        if summary.skippedAttributes > 0 {
            store.logger.debug("attributes of a layer were not kept", metadata: ["count": "\(summary.skippedAttributes)"])
        }
        return (digest.finish(), digest.tarBytes, summary.bytes)
    }

    /// Writes the record and gives the directory its number.
    func adopt(diffID: Digest, size: Int64, tarSize: Int64, blob: Descriptor?) throws -> Layer {
        let chainID = Layer.chainID(diffID, on: parent)
        let store = store
        let (parent, path) = (parent, path)
        let layer = try store.database.write { db in
            if let parent, try Layer.fetch(db, chainID: parent) == nil { throw GantryError.notFound("no such layer: \(parent)") }
            try db.execute(
                sql: """
                    INSERT INTO imageLayers (chainID, diffID, parent, size, tarSize, createdAt, blobDigest, blobSize, blobType)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    chainID.description, diffID.description, parent?.description, size, tarSize, Timestamp.now().nanoseconds,
                    blob?.digest.description, blob?.size, blob?.mediaType,
                ])
            let number = db.lastInsertedRowID
            // Inside the transaction: when the rename fails there is no record either.
            try check("rename", path) { rename(path, store.paths.layer(number)) }
            return try Layer.fetch(db, chainID: chainID)
        }
        adopted = true
        guard let layer else { throw GantryError.internal("layer `\(chainID)` vanished while it was recorded") }
        return layer
    }

    /// Hands the content over as a directory of its own.
    func release() throws -> String {
        let free = store.paths.newTemporary("layer")
        try check("rename", content) { rename(content, free) }
        return free
    }
}

extension ImageStore {
    /// Overlayfs shows the topmost directory's owner and mode as those of `/`.
    func copyRootAttributes(from lower: String?, to directory: String) throws {
        guard let lower else { return }
        let status = try FileStatus(lower)
        if status.userID != geteuid() || status.groupID != getegid() {
            try check("chown", directory) { chown(directory, status.userID, status.groupID) }
        }
        try check("chmod", directory) { chmod(directory, status.permissions) }
    }
}

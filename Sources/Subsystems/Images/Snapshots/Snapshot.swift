internal import Archive
internal import Dispatch
internal import Essentials
internal import GRDB
internal import Glibc
internal import LinuxSystem
package import OCI

/// A writable top over an image's layers: a container's, or a build step's. The directories are ready for an overlay mount;
/// who mounts is somebody else.
package struct Snapshot: Sendable, Hashable {
    package let id: String
    /// Chain id of the layer below.
    package let parent: Digest?
    /// Where ``lowerNames`` are relative to.
    package let layersDirectory: String
    /// Topmost first; empty without an image.
    package let lowerNames: [String]
    /// Absolute paths.
    package let upper: String
    package let work: String
    /// An empty directory to mount on.
    package let merged: String

    /// For the Engine API, which shows absolute paths.
    package var lowerPaths: [String] { lowerNames.map { "\(layersDirectory)/\($0)" } }
}

extension ImageStore {
    /// Makes the directories and the record.
    /// - Parameter id: 64 hexadecimal digits.
    /// - Throws: `conflict` when there is one already, `notFound` for a parent that is not here.
    package func prepareSnapshot(id: String, parent: Digest?) throws -> Snapshot {
        guard Identifier.isFull(id) else {
            throw GantryError.invalid("invalid snapshot id `\(id)`: expected 64 hexadecimal digits")
        }
        let root = "\(paths.snapshots)/\(id)"
        let snapshot = try database.write { db -> Snapshot in
            let known = try db.cachedStatement(sql: "SELECT 1 FROM imageSnapshots WHERE id = ?")
            guard try Row.fetchOne(known, arguments: [id]) == nil else {
                throw GantryError.conflict("snapshot `\(id)` exists already")
            }
            let chain = try Layer.fetchNumbers(db, top: parent)
            try db.cachedStatement(sql: "INSERT INTO imageSnapshots (id, parent, createdAt) VALUES (?, ?, ?)")
                .execute(arguments: [id, parent?.description, Timestamp.now().nanoseconds])
            return self.snapshot(id, parent, chain)
        }
        do {
            // Left by a removal that could not finish.
            try FileSystem.removeTree(root)
            try FileSystem.makeDirectories(root, mode: 0o710)
            for path in [snapshot.upper, snapshot.merged] { try FileSystem.makeDirectories(path, mode: 0o755) }
            try FileSystem.makeDirectories(snapshot.work, mode: 0o700)
            try copyRootAttributes(from: snapshot.lowerPaths.first, to: snapshot.upper)
        } catch {
            removeDirectory(root)
            try database.write { try $0.cachedStatement(sql: "DELETE FROM imageSnapshots WHERE id = ?").execute(arguments: [id]) }
            throw GantryError.unavailable("cannot prepare snapshot `\(id)`", cause: error)
        }
        return snapshot
    }

    private func snapshot(_ id: String, _ parent: Digest?, _ chain: [Int64]) -> Snapshot {
        let root = "\(paths.snapshots)/\(id)"
        return Snapshot(
            id: id, parent: parent, layersDirectory: paths.layers, lowerNames: chain.map { "\($0)/diff" },
            upper: "\(root)/diff", work: "\(root)/work", merged: "\(root)/merged")
    }

    package func snapshot(id: String) throws -> Snapshot? {
        try database.read { db in
            let statement = try db.cachedStatement(sql: "SELECT parent FROM imageSnapshots WHERE id = ?")
            guard let row = try Row.fetchOne(statement, arguments: [id]) else { return nil }
            let parent = try (row["parent"] as String?).map { try Digest($0) }
            return snapshot(id, parent, try Layer.fetchNumbers(db, top: parent))
        }
    }

    /// Removes record and directories; one that is not there is no error. It must not be mounted.
    /// - Parameter inBackground: its files go later; the next opening of the store does away with what was left of them.
    package func removeSnapshot(id: String, inBackground: Bool = false) throws {
        guard Identifier.isFull(id) else {
            throw GantryError.invalid("invalid snapshot id `\(id)`: expected 64 hexadecimal digits")
        }
        let path = "\(paths.snapshots)/\(id)"
        if !inBackground {
            do { try FileSystem.removeTree(path) } catch {
                throw GantryError.unavailable("cannot remove snapshot `\(id)`", cause: error)
            }
        }
        try database.write { try $0.cachedStatement(sql: "DELETE FROM imageSnapshots WHERE id = ?").execute(arguments: [id]) }
        if inBackground { disposal.async { self.removeDirectory(path) } }
    }

    /// Makes a layer of what was written; the snapshot is gone afterwards. It must not be mounted.
    package func commitSnapshot(id: String) throws -> Layer {
        guard let snapshot = try snapshot(id: id) else { throw GantryError.notFound("no such snapshot: \(id)") }
        let layer = try commitLayer(from: snapshot.upper, parent: snapshot.parent)
        try removeSnapshot(id: id)
        return layer
    }

    /// Makes a layer of a copy of what was written, for a container that goes on. Reads the upper directory as it is.
    /// - Parameter stubs: absolute paths of empty files and directories that do not belong to the layer, such as places that were
    ///   made to mount on.
    package func copyLayer(of snapshot: Snapshot, leavingOut stubs: [String] = []) throws -> Layer {
        let copy = paths.newTemporary("commit")
        let root = try OwnedDescriptor.open(snapshot.upper, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        defer { removeDirectory(copy) }
        try FileSystem.makeDirectories(copy, mode: 0o755)
        try copyRootAttributes(from: snapshot.upper, to: copy)
        let target = try OwnedDescriptor.open(copy, O_RDONLY | O_DIRECTORY)
        try TreeCopy.run(from: root, to: target, through: paths.newTemporary("commit-tar"))
        for path in stubs.sorted(by: { $0.utf8.count > $1.utf8.count }) { try removeStub(path, in: target) }
        return try commitLayer(from: copy, parent: snapshot.parent)
    }

    /// Removes what is empty; anything that has content stays.
    private func removeStub(_ path: String, in root: OwnedDescriptor) throws {
        let parts = path.split(separator: "/").map(String.init)
        guard let name = parts.last else { return }
        let parent: OwnedDescriptor
        let status: FileStatus
        do throws(SystemError) {
            let folder = parts.dropLast().joined(separator: "/")
            parent = folder.isEmpty ? root : try root.openBeneath(folder, O_PATH | O_DIRECTORY)
            status = try FileStatus(name, in: parent.raw)
        } catch {
            if [ENOENT, ENOTDIR, ELOOP].contains(error.errno) { return }
            throw error
        }
        if status.kind == .directory {
            if unlinkat(parent.raw, name, AT_REMOVEDIR) != 0, errno != ENOTEMPTY { throw SystemError.last("rmdir", path) }
        } else if status.kind == .regular, status.size == 0 {
            try check("unlinkat", path) { unlinkat(parent.raw, name, 0) }
        }
    }

    /// Bytes of the files written.
    package func snapshotSize(id: String) throws -> Int64 {
        guard let snapshot = try snapshot(id: id) else { throw GantryError.notFound("no such snapshot: \(id)") }
        return try TreeSize.bytes(of: OwnedDescriptor.open(snapshot.upper, O_RDONLY | O_DIRECTORY | O_NOFOLLOW))
    }
}

import Archive
import CLinux
import Compression
import Essentials
import Images
import LinuxSystem
import OCI

extension ContainerService {
    func pathStatus(_ name: NameOrID, _ path: String) async throws -> PathStatus {
        let record = await (try context.container(name)).record
        return try await BlockingWork.run { [context] in
            let root = try ContainerRoot.open(record, context: context, readOnly: true)
            return try Self.status(of: path, in: root, container: name)
        }
    }

    private static func status(of path: String, in root: ContainerRoot, container: String) throws -> PathStatus {
        let found = try root.locate(path, container: container)
        var target = ""
        if found.status.kind == .symbolicLink {
            var buffer = [CChar](repeating: 0, count: 4096)
            let count = try check("readlinkat", path) { readlinkat(found.parent.raw, found.name, &buffer, buffer.count) }
            target = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        return PathStatus(
            name: found.name.isEmpty ? "/" : found.name, size: found.status.size, mode: found.status.mode,
            modifiedAt: Timestamp(nanoseconds: found.status.modifiedAt), linkTarget: target)
    }

    func readArchive(_ name: NameOrID, _ path: String) async throws -> (PathStatus, @Sendable (ByteSink) async throws -> Void) {
        let container = try context.container(name)
        let record = await container.record
        let (root, status) = try await BlockingWork.run { [context] in
            let root = try ContainerRoot.open(record, context: context, readOnly: true)
            return (root, try Self.status(of: path, in: root, container: name))
        }
        await container.publish("archive-path")
        return (
            status,
            { sink in
                try await BlockingWork.writing(to: sink) { write in
                    let writer = TarWriter { try write(Array($0)) }
                    let packer = TarPacker(root: root.descriptor, writer: writer)
                    try packer.pack(path, as: Self.naming(path, status))
                    try writer.finish()
                }
            }
        )
    }

    /// `/a/b` is packed as `b`, `/a/.` as `./`, `/` as `/`.
    private static func naming(_ path: String, _ status: PathStatus) -> TarPacker.Naming {
        path.hasSuffix("/.") ? .root(".") : .root(status.name)
    }

    func writeArchive(
        _ name: NameOrID, _ path: String, from archive: ByteStream, noOverwriteDirectoryNonDirectory: Bool, copyOwners: Bool
    ) async throws {
        let container = try context.container(name)
        let record = await container.record
        try await BlockingWork.reading(archive) { [context] read in
            let root = try ContainerRoot.open(record, context: context, readOnly: false)
            // First as it was written: what is missing is told by the name that the client gave.
            let named = try root.locate(path, container: name)
            guard [.directory, .symbolicLink].contains(named.status.kind),
                try root.locate(path.hasSuffix("/") ? path : path + "/", container: name).status.kind == .directory
            else { throw GantryError.invalid("extraction point is not a directory") }
            try Self.refuseReadOnly(path, record: record)
            let directory = try root.descriptor.openInRoot(MountPlanner.clean("/" + path), O_PATH | O_DIRECTORY)
            var options = TarExtractor.Options(.plain)
            options.noOverwriteDirNonDir = noOverwriteDirectoryNonDirectory
            if copyOwners {
                let identity = try UserDatabase(root: root.descriptor).identity(record.settings.user)
                options.owner = (identity.userID, identity.groupID)
            }
            let content = try Decompressor(read)
            try TarExtractor(into: directory, options: options).extract(TarReader(content.next))
        }
        await container.publish("extract-to-dir", ["path": path])
    }

    /// A read-only root or volume is not written to from outside either.
    private static func refuseReadOnly(_ path: String, record: ContainerRecord) throws {
        let cleaned = MountPlanner.clean("/" + path)
        let covering = record.mounts.filter { cleaned == $0.destination || cleaned.hasPrefix($0.destination + "/") }
        if let mount = covering.max(by: { $0.destination.count < $1.destination.count }) {
            if mount.readOnly { throw GantryError.denied("mounted volume is marked read-only") }
        } else if record.settings.host.readOnlyRootFileSystem {
            throw GantryError.denied("container rootfs is marked read-only")
        }
    }

    func changes(_ name: NameOrID) async throws -> [FileChange] {
        let container = try context.container(name)
        let mounts = await container.record.mounts.map(\.destination)
        return try await BlockingWork.run { [context] in
            guard let snapshot = try context.imageStore.snapshot(id: container.id) else { return [] }
            let all = try context.imageStore.changes(of: snapshot).map { change in
                FileChange(path: change.path, kind: FileChange.Kind(rawValue: change.kind.rawValue) ?? .modified)
            }
            return MountPoints.remove(from: all, mounts: mounts)
        }
    }

    func export(_ name: NameOrID, to sink: ByteSink) async throws {
        let container = try context.container(name)
        let record = await container.record
        guard let snapshot = try context.imageStore.snapshot(id: record.id) else { return }
        try await BlockingWork.writing(to: sink) { [context] write in
            // The overlay alone: volumes are not part of an export.
            let root = try PrivateMounts.overlay(
                layersDirectory: snapshot.layersDirectory, lower: [snapshot.upper] + context.lowerNames(snapshot), upper: nil,
                work: nil,
                readOnly: true)
            let writer = TarWriter { try write(Array($0)) }
            try TarPacker(root: root, writer: writer).pack("/", as: .contents)
            try writer.finish()
        }
        await container.publish("export")
    }

    func commit(_ request: CommitRequest) async throws -> Digest {
        let container = try context.container(request.container)
        let pauses: Bool
        if request.pause, case .running = await container.record.phase { pauses = true } else { pauses = false }
        if pauses { try await container.pause() }
        defer { if pauses { Task { try await container.unpause() } } }
        let record = await container.record
        let image = try await BlockingWork.run { [context] in
            try ImageCommit(context: context).commit(record, request: request)
        }
        await container.publish("commit", ["imageID": image.description])
        return image
    }
}

import Archive
import CLinux
import Compression
import Essentials
import Images
import LinuxSystem
import OCI

extension ContainerService {
    func pathStatus(_ name: NameOrID, _ path: String) async throws -> PathStatus {
        let container = try context.container(name)
        let root = try await readableRoot(of: container)
        return try await BlockingWork.run { try Self.status(of: path, in: root, container: name) }
    }

    private func readableRoot(of container: Container) async throws -> ContainerRoot {
        var record = await container.record
        if record.phase.processID == nil {
            let shown = record
            if try await BlockingWork.run({ [context] in try ContainerRoot.lacksMountPoints(shown, context: context) }) {
                try await container.gate.run {
                    let now = await container.record
                    guard now.phase.processID == nil else { return }
                    try await BlockingWork.run { [context] in try ContainerRoot.makeMountPoints(now, context: context) }
                }
                record = await container.record
            }
        }
        return try await BlockingWork.run { [context, record] in
            try ContainerRoot.open(record, context: context, writable: false)
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
        let root = try await readableRoot(of: container)
        let status = try await BlockingWork.run { try Self.status(of: path, in: root, container: name) }
        await container.publish("archive-path")
        return (
            status,
            { sink in
                try await BlockingWork.writing(to: sink) { write in
                    let writer = TarWriter { try write(Array($0)) }
                    let packer = TarPacker(root: root.descriptor, writer: writer)
                    if let owners = root.owners {
                        packer.transform = { entry in
                            var entry = entry
                            (entry.userID, entry.groupID) = owners.inside(user: entry.userID, group: entry.groupID)
                            return entry
                        }
                    }
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
        let write = ArchiveWrite(
            context: context, container: name, path: path, keepsKinds: noOverwriteDirectoryNonDirectory, copyOwners: copyOwners)
        if let running = await container.runningRecord {
            try await write.run(running, archive)
        } else {
            // A stopped container's files are open for writing once: neither a start nor another copy comes between.
            try await container.gate.run { try await write.run(await container.record, archive) }
        }
        await container.publish("extract-to-dir", ["path": path])
    }

    func changes(_ name: NameOrID) async throws -> [FileChange] {
        let container = try context.container(name)
        let mounts = await container.record.mounts.map(\.destination)
        return try await BlockingWork.run { [context] in
            guard let snapshot = try context.imageStore.snapshot(id: container.id) else { return [] }
            let all = try context.imageStore.changes(of: snapshot).map { change in
                FileChange(path: change.path, kind: FileChange.Kind(rawValue: change.kind.rawValue) ?? .modified)
            }
            return MountPoints.remove(from: all, mounts: mounts).inListOrder
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
        let name = request.reference?.withDefaultTag.familiar ?? ""
        if !name.isEmpty { context.events.publish("image", "tag", actor: image.description, attributes: ["name": name]) }
        await container.publish("commit", ["comment": request.comment, "imageID": image.description, "imageRef": name])
        return image
    }
}

import CLinux
import ContainerRuntime
import Essentials
import Images
import LinuxSystem
import Volumes

/// A container's files as `cp` shows them: its root with its binds and volumes, whether it runs or not. What a run alone has
/// (/proc, /sys, /dev, tmpfs) is not part of it. Source: `cli.md` §3, cp.
///
/// Everything is reached through descriptors (see `MountView`): nothing inside leads out of it.
struct ContainerRoot: Sendable {
    private let view: MountView
    /// Of a running container whose ids are mapped: what is seen here are the host's.
    private(set) var owners: OwnerMap?
    var descriptor: OwnedDescriptor { view.root }

    /// - Parameter writable: nobody else may have a stopped container's files open for writing meanwhile.
    static func open(_ record: ContainerRecord, context: EngineContext, writable: Bool) throws -> ContainerRoot {
        var attachments = try attachments(record, context)
        let root: OwnedDescriptor
        var owners: OwnerMap?
        if let processID = record.phase.processID {
            let userNamespace = try context.runtime.open("ns/user", O_RDONLY, of: processID, in: record.id)
            if try !UserNamespace.isOwn(userNamespace) {
                let map = try OwnerMap(ofProcess: processID)
                let root = try map.outside(user: 0, group: 0)
                let ids = MappedIDs(namespace: userNamespace, user: root.user, group: root.group)
                attachments = try attachments.map { try mapped($0, record, ids) }
                owners = map
            }
            root = try MountView.root(ofProcess: processID)
            // The number may have become another process's meanwhile.
            _ = try context.runtime.open("root", O_PATH | O_DIRECTORY, of: processID, in: record.id)
        } else {
            root = try overlay(record, context, readOnly: !writable)
            if writable { try makeMountPoints(attachments, in: root) }
        }
        return ContainerRoot(
            view: try MountView(
                root: root, attachments: attachments, readOnly: record.settings.host.readOnlyRootFileSystem,
                scratch: "\(context.configuration.dataRoot)/tmp"), owners: owners)
    }

    /// As the container has it: what is the daemon's own is mapped, what the user binds is not.
    private static func mapped(
        _ attachment: MountView.Attachment, _ record: ContainerRecord, _ ids: MappedIDs
    ) throws -> MountView.Attachment {
        if record.mounts.contains(where: { $0.destination == attachment.target && $0.kind == .bind }) { return attachment }
        var result = attachment
        let tree = try attachment.tree ?? PrivateMounts.tree(try OwnedDescriptor.open(attachment.source, O_PATH))
        try PrivateMounts.map(tree, ids)
        result.tree = tree
        return result
    }

    private static func overlay(_ record: ContainerRecord, _ context: EngineContext, readOnly: Bool) throws -> OwnedDescriptor {
        guard let snapshot = try context.imageStore.snapshot(id: record.id) else {
            throw GantryError.internal("container \(record.id) has no file system")
        }
        return try PrivateMounts.overlay(
            layersDirectory: snapshot.layersDirectory, lower: context.lowerNames(snapshot), upper: snapshot.upper,
            work: snapshot.work, readOnly: readOnly)
    }

    // MARK: What is mounted

    private static func attachments(_ record: ContainerRecord, _ context: EngineContext) throws -> [MountView.Attachment] {
        let directory = context.configuration.containerDirectory(record.id)
        let taken = Set(record.mounts.map(\.destination))
        var result = ["resolv.conf", "hostname", "hosts"].filter { !taken.contains("/etc/\($0)") }.map {
            MountView.Attachment(
                source: "\(directory)/\($0)", target: "/etc/\($0)", readOnly: record.settings.host.readOnlyRootFileSystem,
                recursive: false)
        }
        for mount in record.mounts {
            guard let source = try source(of: mount, context) else { continue }
            var attachment = MountView.Attachment(
                source: source, target: mount.destination, readOnly: mount.readOnly,
                recursive: mount.kind == .bind && !mount.nonRecursive)
            if mount.kind == .volume { attachment.tree = try RootPreparation.subtree(mount, in: source) }
            result.append(attachment)
        }
        return result.filter { FileSystem.exists($0.source) }
    }

    /// nil for what only a run has.
    private static func source(of mount: ResolvedMount, _ context: EngineContext) throws -> String? {
        switch mount.kind {
        case .tmpfs, .image: nil
        case .bind: mount.source
        case .volume: try context.volumes.prepare(mount.source)
        }
    }

    /// Whether a stopped container lacks places for its mounts: it was never started.
    static func lacksMountPoints(_ record: ContainerRecord, context: EngineContext) throws -> Bool {
        let attachments = try attachments(record, context)
        let root = try overlay(record, context, readOnly: true)
        return attachments.contains { attachment in
            do throws(SystemError) {
                _ = try root.openInRoot(attachment.target, O_PATH)
                return false
            } catch { return error.errno == ENOENT }
        }
    }

    /// Makes the places that a start would make.
    static func makeMountPoints(_ record: ContainerRecord, context: EngineContext) throws {
        try makeMountPoints(try attachments(record, context), in: try overlay(record, context, readOnly: false))
    }

    private static func makeMountPoints(_ attachments: [MountView.Attachment], in root: OwnedDescriptor) throws {
        for attachment in attachments {
            let isDirectory = try FileStatus(attachment.source, follow: true).kind == .directory
            do throws(SystemError) { try root.makeMountPoint(attachment.target, isDirectory: isDirectory) } catch {
                // The image has something else there, or a link to nowhere: the start will say so.
                guard [ENOTDIR, EEXIST, ELOOP].contains(error.errno) else { throw error }
            }
        }
    }

    // MARK: Paths

    /// Whether a directory is one of those that every run covers, or lies in one and nothing of the user's is mounted there.
    private func isHidden(_ path: String, _ directory: OwnedDescriptor) throws -> Bool {
        let status = try directory.status()
        for name in ["dev", "proc", "sys"] {
            guard let hidden = try? descriptor.openInRoot(name, O_PATH | O_DIRECTORY).status() else { continue }
            if status.inode == hidden.inode, status.device == hidden.device { return true }
            if path.hasPrefix("/\(name)/"), status.device == hidden.device { return true }
        }
        return false
    }

    /// A path split into the directory that holds it, opened, and its last name; links on the way stay inside the root.
    struct Location {
        var parent: OwnedDescriptor
        /// Empty for the root itself.
        var name: String
        var status: FileStatus
    }

    /// - Parameter path: as the user wrote it; a trailing `/` or `/.` follows a final link.
    func locate(_ path: String, container: String) throws -> Location {
        let missing = GantryError.notFound("Could not find the file \(path) in container \(container)")
        let cleaned = MountPlanner.clean("/" + path)
        let follows = path.hasSuffix("/") || path.hasSuffix("/.")
        do throws(SystemError) {
            if cleaned == "/" { return Location(parent: descriptor, name: "", status: try descriptor.status()) }
            let slash = cleaned.lastIndex(of: "/") ?? cleaned.startIndex
            let parent = try descriptor.openInRoot(
                slash == cleaned.startIndex ? "/" : String(cleaned[..<slash]), O_PATH | O_DIRECTORY)
            let name = String(cleaned[cleaned.index(after: slash)...])
            var status = try FileStatus(name, in: parent.raw)
            if follows || status.kind == .directory {
                // Through the link, or into what is mounted there.
                status = try descriptor.openInRoot(cleaned, O_PATH).status()
            }
            if follows, status.kind != .directory { throw SystemError("openat2", path, errno: ENOTDIR) }
            return Location(parent: parent, name: name, status: status)
        } catch {
            switch error.errno {
            case ENOENT, ENOTDIR, ELOOP: throw missing
            default: throw error
            }
        }
    }

    /// The directory to unpack into.
    /// - Throws: `denied` in Docker's words when it is read-only, `invalid` where a run mounts the kernel's own over it.
    func writableDirectory(_ path: String) throws -> OwnedDescriptor {
        let cleaned = MountPlanner.clean("/" + path)
        let directory = try descriptor.openInRoot(cleaned, O_PATH | O_DIRECTORY)
        if try isHidden(cleaned, directory) {
            throw GantryError.invalid(
                "cannot copy to `\(path)`: what a container sees there is made at its start, and none of its files")
        }
        let (isReadOnly, isRoot) = try view.writability(of: directory)
        guard isReadOnly else { return directory }
        throw GantryError.denied(isRoot ? "container rootfs is marked read-only" : "mounted volume is marked read-only")
    }
}

import CLinux
import Essentials
import Images
import LinuxSystem
import Volumes

/// Looks into the container's root before the start: who runs, where, and what empty volumes are filled with.
struct RootPreparation {
    let record: ContainerRecord
    let context: EngineContext
    let snapshot: Snapshot
    /// Of a container whose ids are mapped.
    var ids: MappedIDs?

    struct Result: Sendable {
        /// The container's root, mounted; handed to the runtime.
        var root: OwnedDescriptor
        var identity: UserDatabase.Identity
        /// With sources made and volumes mounted.
        var binds: [Bind]
        /// Sources that a container can change, opened, by destination.
        var trees: [String: OwnedDescriptor]

        /// The root's mount ends here, unless somebody else has it.
        var withoutRoot: (identity: UserDatabase.Identity, binds: [Bind], trees: [String: OwnedDescriptor]) {
            (identity, binds, trees)
        }
    }

    struct Bind: Sendable {
        var source: String
        var destination: String
        var readOnly: Bool
        var propagation: String
        var nonRecursive: Bool
    }

    func run() throws -> Result {
        // A container that goes with its end has nothing to lose in a crash of the host.
        let volatile = record.settings.host.autoRemove
        guard let ids else { return try prepared(try overlay(volatile: volatile)) }
        // Everything is made with the ids on disk first; mounted again, the root shows them as they are mapped.
        let made = try prepared(try overlay(volatile: false)).withoutRoot
        return Result(
            root: try overlay(volatile: volatile, ids), identity: made.identity, binds: made.binds, trees: made.trees)
    }

    private func overlay(volatile: Bool, _ ids: MappedIDs? = nil) throws -> OwnedDescriptor {
        try PrivateMounts.overlay(
            layersDirectory: snapshot.layersDirectory, lower: context.lowerNames(snapshot), upper: snapshot.upper,
            work: snapshot.work, volatile: volatile, ids: ids)
    }

    private func prepared(_ root: OwnedDescriptor) throws -> Result {
        let settings = record.settings
        let identity = try UserDatabase(root: root).identity(settings.user, extra: settings.host.groupsAdded)
        try makeMarks(in: root)
        try makeWorkingDirectory(in: root)
        let binds = try binds(root: root)
        return Result(root: root, identity: identity, binds: binds, trees: try trees())
    }

    /// Docker's marks: programs look for the one to know where they run, and in the other for what is mounted.
    private func makeMarks(in root: OwnedDescriptor) throws {
        do throws(SystemError) { _ = try root.open(".dockerenv", O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, mode: 0o755) } catch {
            guard error.errno == EEXIST else { throw error }
        }
        let directory: OwnedDescriptor
        do throws(SystemError) { directory = try root.openInRoot("/etc", O_PATH | O_DIRECTORY) } catch {
            guard [ENOENT, ENOTDIR, ELOOP].contains(error.errno) else { throw error }
            return
        }
        if symlinkat("/proc/mounts", directory.raw, "mtab") != 0, gantry_errno() != EEXIST {
            throw SystemError.last("symlinkat", "/etc/mtab")
        }
    }

    /// A missing working directory is made, owned by root.
    private func makeWorkingDirectory(in root: OwnedDescriptor) throws {
        let path = MountPlanner.clean(record.settings.workingDirectory)
        guard path != "/", !record.mounts.contains(where: { path == $0.destination || path.hasPrefix($0.destination + "/") }) else {
            return
        }
        var done = ""
        for part in path.split(separator: "/") {
            let parent = try root.openInRoot(done.isEmpty ? "/" : done, O_PATH | O_DIRECTORY)
            if mkdirat(parent.raw, String(part), 0o755) != 0, gantry_errno() != EEXIST { throw SystemError.last("mkdirat", path) }
            done += "/\(part)"
        }
        do throws(SystemError) { _ = try root.openInRoot(path, O_PATH | O_DIRECTORY) } catch {
            guard error.errno == ENOTDIR else { throw error }
            throw GantryError.invalid("Cannot mkdir: \(path) is not a directory")
        }
    }

    private func binds(root: OwnedDescriptor) throws -> [Bind] {
        try record.mounts.compactMap { mount in
            switch mount.kind {
            case .tmpfs, .image: return nil
            case .bind:
                if !FileSystem.exists(mount.source) {
                    guard mount.createSource else {
                        throw GantryError.invalid(
                            "invalid mount config for type \"bind\": bind source path does not exist: \(mount.source)")
                    }
                    try FileSystem.makeDirectories(mount.source)
                }
                return Bind(
                    source: mount.source, destination: mount.destination, readOnly: mount.readOnly, propagation: mount.propagation,
                    nonRecursive: mount.nonRecursive)
            case .volume:
                let directory = try context.volumes.prepare(mount.source)
                if !mount.noCopy, mount.subpath.isEmpty {
                    try context.volumes.fill(volume: mount.source, fromRoot: root, path: mount.destination)
                }
                return Bind(
                    source: directory, destination: mount.destination, readOnly: mount.readOnly,
                    propagation: "rprivate", nonRecursive: false)
            }
        }
    }

    /// Places inside volumes, for the runtime to mount.
    private func trees() throws -> [String: OwnedDescriptor] {
        var result: [String: OwnedDescriptor] = [:]
        for mount in record.mounts where mount.kind == .volume {
            let directory = context.volumes.mountpoint(mount.source)
            result[mount.destination] = try Self.subtree(mount, in: directory)
            guard let ids else { continue }
            let tree =
                try result[mount.destination] ?? PrivateMounts.tree(try OwnedDescriptor.open(directory, O_PATH | O_DIRECTORY))
            do throws(SystemError) { try PrivateMounts.map(tree, ids) } catch {
                throw GantryError.unsupported(
                    "the ids of volume `\(mount.source)` cannot be mapped: its file system does not know how", cause: error,
                    hint: "run the container with --userns=host")
            }
            result[mount.destination] = tree
        }
        for mount in record.mounts where mount.kind == .image {
            if let ids { result[mount.destination] = try ImageMount(mount: mount, context: context).tree(ids) }
        }
        return result
    }

    /// The place inside a volume that a mount shows, nil for the whole volume. A volume's content is the containers' own: what is
    /// opened here is what is mounted, whatever becomes of the path.
    static func subtree(_ mount: ResolvedMount, in directory: String) throws -> OwnedDescriptor? {
        guard !mount.subpath.isEmpty else { return nil }
        let volume = try OwnedDescriptor.open(directory, O_PATH | O_DIRECTORY)
        do throws(SystemError) { return try PrivateMounts.tree(try volume.openBeneath(mount.subpath, O_PATH)) } catch {
            throw GantryError.invalid("cannot access path \(mount.subpath) of volume `\(mount.source)`", cause: error)
        }
    }
}

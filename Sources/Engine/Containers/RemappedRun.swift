import CLinux
import ContainerRuntime
import Essentials
import LinuxSystem
import Networks

/// The namespaces of a run whose ids are mapped. On disk everything keeps the container's own ids: images, layers and volumes are the
/// same with and without, and what a container sees of them is mapped as it is mounted.
struct RemappedRun: Sendable {
    var ids: MappedIDs
    var mappings: IDMappings
    /// Empty, loopback up; nil when another container's is shared.
    var network: OwnedDescriptor?

    /// - Returns: nil for a container that lives in the host's user namespace.
    static func make(for record: ContainerRecord, context: EngineContext) async throws -> RemappedRun? {
        let host = record.settings.host
        guard let remap = context.configuration.userRemap, host.usernsMode != "host" else { return nil }
        if let (ids, mappings) = try await donorsNamespace(host, context) {
            return RemappedRun(ids: ids, mappings: mappings, network: nil)
        }
        return try await make(remap)
    }

    static func make(_ remap: UserRemap) async throws -> RemappedRun {
        try await BlockingWork.run {
            let made = try UserNamespace.make(users: remap.userMappings, groups: remap.groupMappings)
            try NetworkController.raiseLoopback(in: made.network)
            return RemappedRun(
                ids: remap.ids(made.user), mappings: IDMappings(users: remap.userMappings, groups: remap.groupMappings),
                network: made.network)
        }
    }

    /// Whoever shares another container's namespaces must be in its user namespace, to which they belong.
    private static func donorsNamespace(_ host: HostSettings, _ context: EngineContext) async throws -> (MappedIDs, IDMappings)? {
        var result: (donor: String, ids: MappedIDs, mappings: IDMappings)?
        for name in SharedNamespaces.donors(host) {
            let other = try context.container(name)
            guard let processID = await other.record.phase.processID else {
                throw GantryError.conflict("cannot join namespaces of a non running container: \(other.id)")
            }
            let namespace = try context.runtime.open("ns/user", O_RDONLY, of: processID, in: other.id)
            guard try !UserNamespace.isOwn(namespace) else {
                throw GantryError.invalid(
                    "cannot share namespaces with container \(other.id), which is not in a user namespace",
                    hint: "run this one with --userns=host, too")
            }
            if let result, try !isSame(result.ids.namespace, namespace) {
                throw GantryError.invalid(
                    "containers \(result.donor) and \(other.id) are in different user namespaces: their namespaces cannot be shared by one"
                )
            }
            let map = try OwnerMap(ofProcess: processID)
            let root = try map.outside(user: 0, group: 0)
            result = (other.id, MappedIDs(namespace: namespace, user: root.user, group: root.group), map.mappings)
        }
        return result.map { ($0.ids, $0.mappings) }
    }

    private static func isSame(_ one: OwnedDescriptor, _ other: OwnedDescriptor) throws -> Bool {
        let (first, second) = (try one.status(), try other.status())
        return first.device == second.device && first.inode == second.inode
    }

    /// What cannot be had together with mapped ids, in Docker's words where it has some.
    static func check(_ settings: ContainerSettings, _ configuration: EngineConfiguration) throws(GantryError) {
        let host = settings.host
        guard configuration.userRemap != nil, host.usernsMode != "host" else { return }
        if host.privileged {
            throw .invalid(
                "privileged mode is incompatible with user namespaces.  You must run the container in the host namespace when running privileged mode"
            )
        }
        for (mode, what) in [(host.networkMode, "network"), (host.pidMode, "PID"), (host.ipcMode, "IPC")] where mode == "host" {
            throw .invalid("cannot share the host's \(what) namespace when user namespaces are enabled")
        }
    }

    /// - Throws: `unsupported` where the kernel or the data root's file system cannot map ids.
    static func checkHost(_ configuration: EngineConfiguration) throws {
        guard let remap = configuration.userRemap else { return }
        let scratch = "\(configuration.dataRoot)/tmp/mapped-\(Identifier.randomHex(bytes: 4))"
        do {
            defer { try? FileSystem.removeTree(scratch) }
            for name in ["lower", "upper", "work"] { try FileSystem.makeDirectories("\(scratch)/\(name)", mode: 0o700) }
            let made = try UserNamespace.make(users: remap.userMappings, groups: remap.groupMappings)
            _ = try PrivateMounts.overlay(
                layersDirectory: scratch, lower: ["lower"], upper: "upper", work: "work", ids: remap.ids(made.user))
        } catch {
            throw GantryError(
                .unsupported, "userns-remap cannot be used here: the layers' ids cannot be mapped as they are mounted",
                cause: error,
                hint: "it needs Linux 5.19 or newer, and a file system for \(configuration.dataRoot) that can (ext4, xfs, btrfs, …)"
            )
        }
    }
}

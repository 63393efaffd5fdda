internal import CLinux
internal import Essentials
internal import LinuxSystem
internal import OCI
internal import ShimProtocol

/// What a container's user namespace changes in its plan; without one, nothing.
struct UserNamespacePlanner {
    private let process: RuntimeSpecification.Process
    private let namespaces: NamespacePlanner
    /// Of a new one.
    private let maps: IDMaps?
    /// This process may do as it likes on the host.
    let isPrivileged: Bool

    /// - Throws: `invalid` for maps that are wrong or do not have the ids that the process needs.
    init(
        linux: RuntimeSpecification.Linux, process: RuntimeSpecification.Process, namespaces: NamespacePlanner,
        availableCapabilities: UInt64
    ) throws {
        self.process = process
        self.namespaces = namespaces
        isPrivileged = availableCapabilities & Self.administrator != 0
        guard namespaces.makesUser else {
            // Of a joined one the specification may tell the maps; it has them already, and they cannot be changed.
            maps = nil
            return
        }
        let maps = try IDMaps(users: linux.uidMappings, groups: linux.gidMappings, field: "linux")
        self.maps = maps
        for (field, map, id) in [
            ("uidMappings", maps.users, 0), ("gidMappings", maps.groups, 0), ("uidMappings", maps.users, process.user.uid),
            ("gidMappings", maps.groups, process.user.gid),
        ] where !IDMaps.covers(map, id) {
            throw GantryError.invalid("`linux.\(field)` has no entry for \(id), which the container needs")
        }
        for group in process.user.additionalGids ?? [] where !IDMaps.covers(maps.groups, group) {
            throw GantryError.invalid("`linux.gidMappings` has no entry for \(group) of `process.user.additionalGids`")
        }
    }

    /// CAP_SYS_ADMIN.
    private static let administrator: UInt64 = 1 << 21

    /// A map that an unprivileged user writes without newgidmap costs the right to change groups.
    var setsGroups: Bool { !(namespaces.makesUser && !isPrivileged && maps?.isOwnAlone == true) }

    func part(cgroupFiles: [String]) -> DaemonPart {
        var part = DaemonPart()
        part.maps = maps
        part.isPrivileged = isPrivileged
        part.cgroupFiles = cgroupFiles
        part.limits = DescriptorLimit.early(process.rlimits ?? [])
        part.outOfMemoryScore = process.oomScoreAdj
        return part
    }

    func addBecomeRoot(to plan: inout Plan) {
        if !setsGroups { plan.add(.keepGroups) }
        plan.add(.becomeRoot)
    }

    /// nil when the child, whose root is then the user that runs this, finds everything itself.
    var hostMounts: HostMounts? {
        guard isPrivileged else { return HostMounts(makesAll: false, maps: maps, joinedNamespace: namespaces.user) }
        return HostMounts(makesAll: namespaces.hasUser, maps: maps, joinedNamespace: namespaces.user)
    }

    /// The container's root may not be able to reach the directory: the host's makes a mount of it.
    func rootTree(_ path: String) throws(SystemError) -> OwnedDescriptor? {
        guard namespaces.hasUser, isPrivileged else { return nil }
        return try HostMounts.clone(path, recursive: true, isolated: true)
    }
}

internal import CLinux
internal import Essentials
internal import LinuxSystem
internal import OCI

/// Makes copies of the host's mounts, with the host's rights, for containers in a user namespace: their root may not be able to
/// reach the sources, and only the host's root may map ids.
struct HostMounts {
    /// The container is in a user namespace: every bind is made here.
    var makesAll: Bool
    /// The container's own, for `idmap` without maps; nil when it is joined or there is none.
    var maps: IDMaps?
    var joinedNamespace: OwnedDescriptor?

    /// - Returns: nil when the container can make this bind itself.
    func tree(
        for mount: RuntimeSpecification.Mount, source: String, recursive: Bool, idMap: MountOptions.IDMap
    ) throws -> OwnedDescriptor? {
        let hasMaps = mount.uidMappings != nil || mount.gidMappings != nil
        guard hasMaps || idMap != .none || makesAll else { return nil }
        guard hasMaps || idMap != .none else { return try Self.clone(source, recursive: recursive) }
        let namespace = try namespace(of: mount, hasMaps)
        let tree = try Self.clone(source, recursive: recursive)
        let flags = UInt32(AT_EMPTY_PATH) | (idMap == .recursive ? UInt32(AT_RECURSIVE) : 0)
        let result = gantry_mount_setattr(tree.raw, "", flags, UInt64(MOUNT_ATTR_IDMAP), 0, 0, UInt64(namespace.raw))
        guard result == 0 else {
            let cause = SystemError.last("mount_setattr", source)
            throw GantryError.unsupported(
                "the ids of the mount on `\(mount.destination)` cannot be mapped", cause: cause,
                hint: "the kernel maps them since Linux 5.12, on file systems that know how")
        }
        return tree
    }

    private func namespace(of mount: RuntimeSpecification.Mount, _ hasMaps: Bool) throws -> OwnedDescriptor {
        if hasMaps {
            return try IDMaps(users: mount.uidMappings, groups: mount.gidMappings, field: "mounts of \(mount.destination)")
                .namespace()
        }
        if let joinedNamespace { return joinedNamespace }
        guard let maps else {
            throw GantryError.invalid("`idmap` of the mount on `\(mount.destination)` needs mappings or a user namespace")
        }
        return try maps.namespace()
    }

    /// - Parameter isolated: mounts made below the copy do not show on the host, nor the reverse.
    static func clone(_ path: String, recursive: Bool, isolated: Bool = false) throws(SystemError) -> OwnedDescriptor {
        let flags = UInt32(OPEN_TREE_CLONE) | UInt32(O_CLOEXEC) | (recursive ? UInt32(AT_RECURSIVE) : 0)
        let tree = OwnedDescriptor(try check("open_tree", path) { gantry_open_tree(AT_FDCWD, path, flags) })
        if isolated {
            try check("mount_setattr", path) {
                gantry_mount_setattr(tree.raw, "", UInt32(AT_EMPTY_PATH | AT_RECURSIVE), 0, 0, UInt64(MS_PRIVATE), 0)
            }
        }
        return tree
    }
}

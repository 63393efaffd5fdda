internal import CLinux

/// A user namespace whose ids are those on disk, and who is its root on the host.
package struct MappedIDs: Sendable {
    package var namespace: OwnedDescriptor
    package var user: UInt32
    package var group: UInt32

    package init(namespace: OwnedDescriptor, user: UInt32, group: UInt32) {
        self.namespace = namespace
        self.user = user
        self.group = group
    }
}

/// Mounts whose ids are mapped by a user namespace. Source: mount_setattr(2), ID-mapped mounts.
extension PrivateMounts {
    /// Has a detached tree show the ids on disk as the ones that they are mapped to.
    /// - Throws: EINVAL for a file system that does not know how, EPERM for one that is mapped already.
    package static func map(_ tree: OwnedDescriptor, _ ids: MappedIDs) throws(SystemError) {
        try check("mount_setattr", "mapped ids") {
            gantry_mount_setattr(
                tree.raw, "", UInt32(AT_EMPTY_PATH | AT_RECURSIVE), UInt64(MOUNT_ATTR_IDMAP), 0, 0, UInt64(ids.namespace.raw))
        }
    }

    /// An overlay cannot be mapped itself, its layers can: the directory that has the layers' directory and the others in it is mounted
    /// so in a namespace of this thread's own, and all names are looked up there.
    static func mappedOverlay(
        _ layersDirectory: String, _ lower: [String], _ upper: String?, _ work: String?, writable: Bool, volatile: Bool,
        _ ids: MappedIDs
    ) throws -> OwnedDescriptor {
        let slash = layersDirectory.lastIndex(of: "/") ?? layersDirectory.startIndex
        let (base, name) = (String(layersDirectory[..<slash]), String(layersDirectory[slash...]))
        let tree = try directory(base.isEmpty ? "/" : base)
        try map(tree, ids)
        @Sendable func inside(_ path: String) -> String {
            path.hasPrefix(base + "/") ? "../" + path.dropFirst(base.utf8.count + 1) : path
        }
        return try NamespaceThread.onNewThread {
            try check("unshare", "mount") { gantry_unshare(CLONE_FS | CLONE_NEWNS) }
            try check("mount", "/") { mount(nil, "/", nil, UInt(MS_REC | MS_PRIVATE), nil) }
            // Any directory will do as the mount point: this thread's namespace ends with it.
            try check("move_mount", "/proc") {
                gantry_move_mount(tree.raw, "", AT_FDCWD, "/proc", UInt32(MOVE_MOUNT_F_EMPTY_PATH))
            }
            try check("chdir", layersDirectory) { chdir("/proc\(name)") }
            if upper == nil, lower.count == 1 { return try clone(inside(lower[0]), readOnly: true) }
            let options =
                try overlayOptions(lower: lower.map(inside), upper: upper.map(inside), work: work.map(inside))
                + (volatile ? ",volatile" : "")
            // The overlay works as who has mounted it: as the host's root, who has no id there, it could make nothing.
            try FileOwner.run(user: ids.user, group: ids.group) {
                _ = try check("mount", "overlay") {
                    mount("overlay", "/proc", "overlay", writable ? 0 : UInt(MS_RDONLY), options)
                }
            }
            return try clone("/proc", readOnly: !writable)
        }
    }
}

internal import CLinux

/// Mounts that exist only behind a descriptor: no path of the host ever shows them, and they go with the descriptor.
package enum PrivateMounts {
    /// The root directory of an overlay of layers, mounted in a throw-away mount namespace and detached from it.
    ///
    /// The descriptor (O_PATH) can be read and written beneath with `openInRoot`, bound with `move_mount`, or handed on.
    /// Blocks for the time of a mount.
    /// - Parameters:
    ///   - lower: names relative to `layersDirectory`, topmost first, at least one; so many fit the option page of 4096 bytes.
    ///   - upper: as `lower`; nil together with `work` for a view that cannot be written (then two layers at least, or one
    ///     layer alone, which is bound).
    package static func overlay(
        layersDirectory: String, lower: [String], upper: String?, work: String?, readOnly: Bool = false
    ) throws -> OwnedDescriptor {
        guard !lower.isEmpty, (upper == nil) == (work == nil) else { throw SystemError("mount", layersDirectory, errno: EINVAL) }
        let writable = upper != nil && !readOnly
        return try NamespaceThread.onNewThread {
            try check("unshare", "mount") { gantry_unshare(CLONE_FS | CLONE_NEWNS) }
            try check("mount", "/") { mount(nil, "/", nil, UInt(MS_REC | MS_PRIVATE), nil) }
            try check("chdir", layersDirectory) { chdir(layersDirectory) }
            if upper == nil, lower.count == 1 {
                return try clone(lower[0], readOnly: true)
            }
            let options = try overlayOptions(lower: lower, upper: upper, work: work)
            // Any directory will do as the mount point: this thread's namespace ends with it.
            try check("mount", "overlay") { mount("overlay", "/proc", "overlay", writable ? 0 : UInt(MS_RDONLY), options) }
            return try clone("/proc", readOnly: !writable)
        }
    }

    /// The root directory of a directory of the host as a mount of its own.
    package static func directory(_ path: String, readOnly: Bool = false) throws -> OwnedDescriptor {
        try NamespaceThread.onNewThread {
            try check("unshare", "mount") { gantry_unshare(CLONE_FS | CLONE_NEWNS) }
            try check("mount", "/") { mount(nil, "/", nil, UInt(MS_REC | MS_PRIVATE), nil) }
            return try clone(path, readOnly: readOnly)
        }
    }

    /// Options for mount(2) with names relative to the working directory.
    /// - Throws: E2BIG when they do not fit the kernel's page, EINVAL for a name that would end an option.
    package static func overlayOptions(lower: [String], upper: String?, work: String?) throws(SystemError) -> String {
        for name in lower + [upper, work].compactMap({ $0 }) where name.contains(where: { $0 == ":" || $0 == "," || $0 == "\\" }) {
            throw SystemError("mount", name, errno: EINVAL)
        }
        var options = "lowerdir=" + lower.joined(separator: ":")
        if let upper, let work { options += ",upperdir=\(upper),workdir=\(work)" }
        guard options.utf8.count < 4096 else { throw SystemError("mount", "overlay of \(lower.count) layers", errno: E2BIG) }
        return options
    }

    private static func clone(_ path: String, readOnly: Bool) throws(SystemError) -> OwnedDescriptor {
        let tree = OwnedDescriptor(
            try check("open_tree", path) { gantry_open_tree(AT_FDCWD, path, UInt32(OPEN_TREE_CLONE) | UInt32(O_CLOEXEC)) })
        if readOnly {
            let result = gantry_mount_setattr(tree.raw, "", UInt32(AT_EMPTY_PATH), UInt64(MOUNT_ATTR_RDONLY), 0, 0, 0)
            // ENOSYS before Linux 5.12: an overlay is then read-only by its own flag, which mount(2) was given.
            if result != 0, gantry_errno() != ENOSYS { throw SystemError.last("mount_setattr", path) }
        }
        return tree
    }
}

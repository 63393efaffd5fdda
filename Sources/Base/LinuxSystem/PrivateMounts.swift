internal import CLinux

/// Mounts that exist only behind a descriptor: no path of the host ever shows them, and they go with the descriptor.
package enum PrivateMounts {
    /// The root directory of an overlay of layers, mounted nowhere.
    ///
    /// The descriptor (O_PATH) can be read and written beneath with `openInRoot`, attached with `move_mount`, or handed on.
    /// Blocks for the time of a mount; when the last descriptor is closed the kernel writes the upper layer's data to disk.
    /// - Parameters:
    ///   - lower: names relative to `layersDirectory`, topmost first, at least one.
    ///   - upper: as `lower`; nil together with `work` for a view that cannot be written (then two layers at least, or one
    ///     layer alone, which is bound).
    ///   - volatile: nothing of `upper` outlives a crash of the host, so neither `fsync` nor the end of the mount waits for the
    ///     disk. Source: kernel, filesystems/overlayfs, Volatile mount.
    ///   - ids: those on disk are the ones of a user namespace; on the host they show as the ones they are mapped to.
    ///     Needs Linux 5.19, for which an overlay's layers may have mapped ids.
    package static func overlay(
        layersDirectory: String, lower: [String], upper: String?, work: String?, readOnly: Bool = false, volatile: Bool = false,
        ids: MappedIDs? = nil
    ) throws -> OwnedDescriptor {
        guard !lower.isEmpty, (upper == nil) == (work == nil) else { throw SystemError("mount", layersDirectory, errno: EINVAL) }
        let writable = upper != nil && !readOnly
        if let work, volatile { try forgetCrash(work: absolute(work, in: layersDirectory)) }
        if let ids {
            return try mappedOverlay(layersDirectory, lower, upper, work, writable: writable, volatile: volatile, ids)
        }
        if upper == nil, lower.count == 1 { return try directory(absolute(lower[0], in: layersDirectory), readOnly: true) }
        if let tree = overlayByParameters(layersDirectory, lower, upper, work, writable: writable, volatile: volatile) {
            return tree
        }
        return try NamespaceThread.onNewThread {
            try check("unshare", "mount") { gantry_unshare(CLONE_FS | CLONE_NEWNS) }
            try check("mount", "/") { mount(nil, "/", nil, UInt(MS_REC | MS_PRIVATE), nil) }
            try check("chdir", layersDirectory) { chdir(layersDirectory) }
            let options = try overlayOptions(lower: lower, upper: upper, work: work) + (volatile ? ",volatile" : "")
            // Any directory will do as the mount point: this thread's namespace ends with it.
            try check("mount", "overlay") { mount("overlay", "/proc", "overlay", writable ? 0 : UInt(MS_RDONLY), options) }
            return try clone("/proc", readOnly: !writable)
        }
    }

    private static func absolute(_ name: String, in directory: String) -> String {
        name.hasPrefix("/") ? name : "\(directory)/\(name)"
    }

    /// One parameter at a time and without any namespace: Linux 6.7 and newer, paths of less than 256 bytes.
    /// - Returns: nil when the kernel does not take it so; the older way then works or says why not.
    private static func overlayByParameters(
        _ directory: String, _ lower: [String], _ upper: String?, _ work: String?, writable: Bool, volatile: Bool
    ) -> OwnedDescriptor? {
        let raw = gantry_fsopen("overlay", UInt32(FSOPEN_CLOEXEC))
        guard raw >= 0 else { return nil }
        let context = OwnedDescriptor(raw)
        var parameters = lower.map { ("lowerdir+", absolute($0, in: directory)) }
        if let upper, let work {
            parameters += [("upperdir", absolute(upper, in: directory)), ("workdir", absolute(work, in: directory))]
        }
        for (name, path) in parameters
        where gantry_fsconfig(context.raw, UInt32(FSCONFIG_SET_STRING.rawValue), name, path, 0) != 0 { return nil }
        for (flag, isSet) in [("volatile", volatile), ("ro", !writable)]
        where isSet && gantry_fsconfig(context.raw, UInt32(FSCONFIG_SET_FLAG.rawValue), flag, nil, 0) != 0 { return nil }
        guard gantry_fsconfig(context.raw, UInt32(FSCONFIG_CMD_CREATE.rawValue), nil, nil, 0) == 0 else { return nil }
        let tree = gantry_fsmount(context.raw, UInt32(FSMOUNT_CLOEXEC), writable ? 0 : UInt32(MOUNT_ATTR_RDONLY))
        return tree >= 0 ? OwnedDescriptor(tree) : nil
    }

    /// The kernel marks a volatile upper layer while it is mounted and refuses it ever after. The mark is taken away: whoever asks
    /// for a volatile mount has nothing to lose.
    private static func forgetCrash(work: String) throws {
        let mark = "\(work)/work/incompat/volatile"
        if rmdir(mark) != 0, gantry_errno() != ENOENT, gantry_errno() != ENOTDIR { throw SystemError.last("rmdir", mark) }
    }

    /// The root directory of a directory of the host as a mount of its own.
    package static func directory(_ path: String, readOnly: Bool = false) throws -> OwnedDescriptor {
        let tree = try clone(path, readOnly: readOnly)
        // Without this, mounts made below it would show on the host, too.
        if gantry_mount_setattr(tree.raw, "", UInt32(AT_EMPTY_PATH), 0, 0, UInt64(MS_PRIVATE), 0) == 0 { return tree }
        guard gantry_errno() == ENOSYS else { throw SystemError.last("mount_setattr", path) }
        return try NamespaceThread.onNewThread {
            try check("unshare", "mount") { gantry_unshare(CLONE_FS | CLONE_NEWNS) }
            try check("mount", "/") { mount(nil, "/", nil, UInt(MS_REC | MS_PRIVATE), nil) }
            return try clone(path, readOnly: readOnly)
        }
    }

    /// What is open as `place`, a file or a directory with all that is mounted below, as a tree of its own.
    package static func tree(_ place: OwnedDescriptor) throws(SystemError) -> OwnedDescriptor {
        let flags = UInt32(OPEN_TREE_CLONE) | UInt32(O_CLOEXEC) | UInt32(AT_EMPTY_PATH) | UInt32(AT_RECURSIVE)
        return OwnedDescriptor(try check("open_tree") { gantry_open_tree(place.raw, "", flags) })
    }

    /// The directory `path` of another mount namespace as a tree of its own; no link on the way is followed, for whoever lives there
    /// may have made it. Blocks.
    package static func tree(of path: String, in namespace: OwnedDescriptor) throws -> OwnedDescriptor {
        try NamespaceThread.onNewThread {
            try check("unshare", "file system") { gantry_unshare(CLONE_FS) }
            try check("setns", "mount") { gantry_setns(namespace.raw, CLONE_NEWNS) }
            let root = try OwnedDescriptor.open("/", O_PATH | O_DIRECTORY)
            let relative = String(path.drop { $0 == "/" })
            return try tree(try root.openBeneath(relative, O_PATH | O_DIRECTORY))
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

    static func clone(_ path: String, readOnly: Bool) throws(SystemError) -> OwnedDescriptor {
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

internal import CLinux

/// A tree of mounts of its own: a root and what is mounted in it, seen through the descriptor of the root and nowhere else.
///
/// The tree lives in a mount namespace that no process is in, and goes with this object. Nothing in it is found by a path of
/// the host: places are opened inside the root by descriptor, and mounts are put on descriptors, so a link that somebody swaps
/// meanwhile leads nowhere else.
package final class MountView: Sendable {
    /// O_PATH; for `openInRoot`.
    package let root: OwnedDescriptor
    /// nil when nothing is mounted in the root.
    private let namespace: OwnedDescriptor?

    /// Something to be mounted in the root.
    package struct Attachment: Sendable {
        /// A path of the host, without links in it that others could change.
        package var source: String
        /// Inside the root, absolute; links on the way stay inside.
        package var target: String
        package var readOnly: Bool
        package var recursive: Bool
        /// What is mounted when the path alone does not say it: a mount that hangs nowhere yet.
        package var tree: OwnedDescriptor?

        package init(source: String, target: String, readOnly: Bool, recursive: Bool) {
            self.source = source
            self.target = target
            self.readOnly = readOnly
            self.recursive = recursive
        }
    }

    /// - Parameters:
    ///   - root: a detached mount.
    ///   - attachments: parents before children. One whose source or target is missing is left out.
    ///   - scratch: any directory of the host: the root is attached there, in a namespace that nobody else sees.
    /// - Throws: ``SystemError``. Blocks for a moment.
    package init(root: OwnedDescriptor, attachments: [Attachment], readOnly: Bool, scratch: String) throws {
        self.root = root
        if attachments.isEmpty, !readOnly {
            namespace = nil
        } else {
            namespace = try NamespaceThread.onNewThread {
                try check("unshare", "mount") { gantry_unshare(CLONE_FS | CLONE_NEWNS) }
                try check("mount", "/") { mount(nil, "/", nil, UInt(MS_REC | MS_PRIVATE), nil) }
                let namespace = try OwnedDescriptor.open("/proc/thread-self/ns/mnt", O_RDONLY)
                try check("move_mount", scratch) {
                    gantry_move_mount(root.raw, "", AT_FDCWD, scratch, UInt32(MOVE_MOUNT_F_EMPTY_PATH))
                }
                for attachment in attachments { try Self.attach(attachment, in: root) }
                if readOnly { try Self.makeReadOnly(root, "/") }
                return namespace
            }
        }
    }

    private static func attach(_ attachment: Attachment, in root: OwnedDescriptor) throws {
        let flags = UInt32(OPEN_TREE_CLONE) | UInt32(O_CLOEXEC) | (attachment.recursive ? UInt32(AT_RECURSIVE) : 0)
        let tree: OwnedDescriptor
        let target: OwnedDescriptor
        do throws(SystemError) {
            if let made = attachment.tree {
                tree = made
            } else {
                tree = OwnedDescriptor(
                    try check("open_tree", attachment.source) { gantry_open_tree(AT_FDCWD, attachment.source, flags) })
            }
            target = try root.openInRoot(attachment.target, O_PATH)
        } catch {
            if error.errno == ENOENT || error.errno == ENOTDIR { return }
            throw error
        }
        try check("move_mount", attachment.target) {
            gantry_move_mount(
                tree.raw, "", target.raw, "", UInt32(MOVE_MOUNT_F_EMPTY_PATH) | UInt32(MOVE_MOUNT_T_EMPTY_PATH))
        }
        if attachment.readOnly { try makeReadOnly(tree, attachment.target) }
    }

    private static func makeReadOnly(_ tree: OwnedDescriptor, _ name: String) throws(SystemError) {
        // An attached mount is changed from within its own namespace only.
        if gantry_mount_setattr(tree.raw, "", UInt32(AT_EMPTY_PATH), UInt64(MOUNT_ATTR_RDONLY), 0, 0, 0) == 0 { return }
        guard gantry_errno() == ENOSYS else { throw SystemError.last("mount_setattr", name) }
        // Before Linux 5.12.
        try check("mount", name) { mount(nil, tree.procPath, nil, UInt(MS_REMOUNT | MS_BIND | MS_RDONLY), nil) }
    }

    /// Whether writing to an open file or directory would be refused, and whether it lies in the root's own mount.
    package func writability(of file: OwnedDescriptor) throws(SystemError) -> (isReadOnly: Bool, isRoot: Bool) {
        var status = statvfs()
        try check("fstatvfs") { fstatvfs(file.raw, &status) }
        return (status.f_flag & UInt(ST_RDONLY) != 0, try Self.mountID(file) == Self.mountID(root))
    }

    /// Of the mount that a file is open in. Source: proc(5), fdinfo.
    private static func mountID(_ file: OwnedDescriptor) throws(SystemError) -> Substring? {
        let text = try FileSystem.readText("/proc/self/fdinfo/\(file.raw)", limit: 4096)
        return text.split(separator: "\n").first { $0.hasPrefix("mnt_id:") }
    }

    /// The root mount alone of a running process, without what is mounted in it. Only the kernel is asked, on a thread that has
    /// entered the process's mount namespace: a mount can be copied from within its own namespace only.
    package static func root(ofProcess processID: Int32) throws -> OwnedDescriptor {
        let namespace = try OwnedDescriptor.open("/proc/\(processID)/ns/mnt", O_RDONLY)
        return try NamespaceThread.onNewThread {
            try check("unshare", "file system") { gantry_unshare(CLONE_FS) }
            try check("setns", "mount") { gantry_setns(namespace.raw, CLONE_NEWNS) }
            return OwnedDescriptor(
                try check("open_tree", "/") { gantry_open_tree(AT_FDCWD, "/", UInt32(OPEN_TREE_CLONE) | UInt32(O_CLOEXEC)) })
        }
    }
}

extension OwnedDescriptor {
    /// Makes a place to mount on, with the directories above it, inside this root: a directory, or an empty file.
    ///
    /// Each part is made in a directory that is open, so that no link leads the making elsewhere. What is there stays.
    package func makeMountPoint(_ path: String, isDirectory: Bool) throws(SystemError) {
        let parts = path.split(separator: "/").map(String.init)
        var done = ""
        for (index, name) in parts.enumerated() {
            let next = "\(done)/\(name)"
            do throws(SystemError) { _ = try openInRoot(next, O_PATH) } catch {
                guard error.errno == ENOENT else { throw error }
                let parent = try openInRoot(done.isEmpty ? "/" : done, O_PATH | O_DIRECTORY)
                if isDirectory || index < parts.count - 1 {
                    if mkdirat(parent.raw, name, 0o755) != 0, gantry_errno() != EEXIST { throw SystemError.last("mkdirat", next) }
                } else {
                    _ = OwnedDescriptor(
                        try check("openat", next) {
                            gantry_openat(parent.raw, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0o644)
                        })
                }
            }
            done = next
        }
    }
}

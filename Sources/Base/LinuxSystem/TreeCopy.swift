internal import CLinux

/// Copies a directory's content by descriptors: data, owners, modes, times, extended attributes, links between files, devices.
/// Follows no symbolic link on either side and crosses no mount of the source.
package struct TreeCopy {
    private let targetRoot: OwnedDescriptor
    private let device: UInt64
    /// Where the first name of a file with several names was copied to, relative to the target.
    private var copied: [UInt64: String] = [:]

    /// Copies what is in `source` into `target`, and gives `target` the owner, mode and attributes of `source`.
    package static func copy(contentsOf source: OwnedDescriptor, to target: OwnedDescriptor) throws(SystemError) {
        let status = try source.status()
        var copy = TreeCopy(targetRoot: target, device: status.device)
        try copy.copyDirectory(source, target, path: "")
    }

    private init(targetRoot: OwnedDescriptor, device: UInt64) {
        self.targetRoot = targetRoot
        self.device = device
    }

    private mutating func copyDirectory(_ source: OwnedDescriptor, _ target: OwnedDescriptor, path: String) throws(SystemError) {
        for name in try DirectoryReader(descriptor: source).names() {
            // Names are bytes; those that are not UTF-8 are carried by their bytes in `raw`, and by repair only in messages.
            let raw = name.map { CChar(bitPattern: $0) } + [0]
            let text = String(decoding: name, as: UTF8.self)
            try copyEntry(raw, path: path.isEmpty ? text : "\(path)/\(text)", source, target)
        }
        let status = try source.status()
        try Self.copyAttributes(from: source, to: target)
        try Self.setOwnerModeTimes(target, status)
    }

    private mutating func copyEntry(
        _ name: [CChar], path: String, _ source: OwnedDescriptor, _ target: OwnedDescriptor
    ) throws(SystemError) {
        var raw = stat()
        try check("fstatat", path) { fstatat(source.raw, name, &raw, AT_SYMLINK_NOFOLLOW) }
        guard UInt64(raw.st_dev) == device else { return }
        if raw.st_nlink > 1, CInt(raw.st_mode) & S_IFMT != S_IFDIR {
            if let first = copied[UInt64(raw.st_ino)], try link(first, to: name, in: target) { return }
            copied[UInt64(raw.st_ino)] = path
        }
        switch CInt(raw.st_mode) & S_IFMT {
        case S_IFDIR:
            try check("mkdirat", path) { mkdirat(target.raw, name, 0o700) }
            let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW
            let inner = try Self.open(source, name, flags, path)
            let copy = try Self.open(target, name, flags, path)
            try copyDirectory(inner, copy, path: path)
        case S_IFREG:
            let from = try Self.open(source, name, O_RDONLY | O_NOFOLLOW, path)
            let to = try Self.open(target, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, path)
            try Self.copyData(from: from, to: to, path: path)
            try Self.copyAttributes(from: from, to: to)
            try Self.setOwnerModeTimes(to, try from.status())
        case S_IFLNK:
            var text = [CChar](repeating: 0, count: 4097)
            let count = try check("readlinkat", path) { readlinkat(source.raw, name, &text, 4096) }
            text[count] = 0
            try check("symlinkat", path) { symlinkat(text, target.raw, name) }
            try Self.setOwnerAndTimes(of: name, in: target, raw, path)
        default:
            try check("mknodat", path) { mknodat(target.raw, name, raw.st_mode, raw.st_rdev) }
            try Self.setOwnerAndTimes(of: name, in: target, raw, path)
            try check("fchmodat", path) { fchmodat(target.raw, name, raw.st_mode & 0o7777, 0) }
        }
    }

    /// Gives a file that was copied already a second name. - Returns: false when its first name cannot be reached any more.
    private func link(_ first: String, to name: [CChar], in target: OwnedDescriptor) throws(SystemError) -> Bool {
        let parts = first.split(separator: "/")
        guard let last = parts.last else { return false }
        let parent = parts.dropLast().joined(separator: "/")
        let directory: OwnedDescriptor
        do throws(SystemError) {
            directory = parent.isEmpty ? targetRoot : try targetRoot.openBeneath(parent, O_PATH | O_DIRECTORY)
            try check("linkat", first) { linkat(directory.raw, String(last), target.raw, name, 0) }
        } catch  where error.errno == ENOENT { return false }
        return true
    }

    private static func open(
        _ directory: OwnedDescriptor, _ name: [CChar], _ flags: CInt, _ path: String
    ) throws(SystemError) -> OwnedDescriptor {
        OwnedDescriptor(
            try check("openat2", path) {
                gantry_openat2(
                    directory.raw, name, UInt64(flags | O_CLOEXEC), flags & O_CREAT != 0 ? 0o600 : 0,
                    UInt64(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS))
            })
    }

    /// Shares the blocks where the file system can, else copies within the kernel, else through memory.
    private static func copyData(from source: OwnedDescriptor, to target: OwnedDescriptor, path: String) throws(SystemError) {
        if gantry_clone_file(target.raw, source.raw) == 0 { return }
        while true {
            let count = gantry_copy_file_range(source.raw, target.raw, 1 << 30)
            if count > 0 { continue }
            if count == 0 { break }
            let code = gantry_errno()
            guard code == EXDEV || code == EINVAL || code == ENOSYS || code == EOPNOTSUPP else {
                throw SystemError("copy_file_range", path, errno: code)
            }
            break
        }
        // Behind copy_file_range both offsets stand where it stopped: at the end, or where it gave up.
        var buffer = [UInt8](repeating: 0, count: 1 << 17)
        while true {
            let count = try check("read", path) {
                buffer.withUnsafeMutableBytes { CLinux.read(source.raw, $0.baseAddress, $0.count) }
            }
            if count == 0 { return }
            try target.writeAll(Array(buffer[..<count]))
        }
    }

    private static func copyAttributes(from source: OwnedDescriptor, to target: OwnedDescriptor) throws(SystemError) {
        var names = [CChar](repeating: 0, count: 65536)
        let length = flistxattr(source.raw, &names, names.count)
        if length < 0 {
            if gantry_errno() == EOPNOTSUPP { return }
            throw SystemError.last("flistxattr")
        }
        for name in names[..<length].split(separator: 0) {
            let text = Array(name) + [0]
            let shown = String(decoding: name.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            // Marks of the overlay itself mean nothing outside of it.
            if shown.hasPrefix("trusted.overlay.") { continue }
            var value = [UInt8](repeating: 0, count: 65536)
            let size = try check("fgetxattr", shown) { fgetxattr(source.raw, text, &value, value.count) }
            if fsetxattr(target.raw, text, value, size, 0) != 0, gantry_errno() != EOPNOTSUPP {
                throw SystemError.last("fsetxattr", shown)
            }
        }
    }

    private static func setOwnerModeTimes(_ target: OwnedDescriptor, _ status: FileStatus) throws(SystemError) {
        try check("fchown") { fchown(target.raw, status.userID, status.groupID) }
        try check("fchmod") { fchmod(target.raw, status.permissions) }
        let time = timespec(
            tv_sec: Int(status.modifiedAt / 1_000_000_000), tv_nsec: Int(status.modifiedAt % 1_000_000_000))
        let times = [time, time]
        try check("futimens") { futimens(target.raw, times) }
    }

    private static func setOwnerAndTimes(
        of name: [CChar], in target: OwnedDescriptor, _ raw: stat, _ path: String
    ) throws(SystemError) {
        try check("fchownat", path) { fchownat(target.raw, name, raw.st_uid, raw.st_gid, AT_SYMLINK_NOFOLLOW) }
        let times = [raw.st_mtim, raw.st_mtim]
        try check("utimensat", path) { utimensat(target.raw, name, times, AT_SYMLINK_NOFOLLOW) }
    }
}

extension FileSystem {
    /// Bytes on disk of everything below an open directory, each file once; follows no link, crosses no mount.
    package static func usage(of directory: OwnedDescriptor) throws(SystemError) -> Int64 {
        var seen: Set<UInt64> = []
        let status = try directory.status()
        return try usage(directory, device: status.device, seen: &seen) + status.blocks * 512
    }

    private static func usage(_ directory: OwnedDescriptor, device: UInt64, seen: inout Set<UInt64>) throws(SystemError) -> Int64 {
        var total: Int64 = 0
        for name in try DirectoryReader(descriptor: directory).names() {
            let raw = name.map { CChar(bitPattern: $0) } + [0]
            var entry = stat()
            // Something may be removed meanwhile: what is gone takes no room.
            guard fstatat(directory.raw, raw, &entry, AT_SYMLINK_NOFOLLOW) == 0, UInt64(entry.st_dev) == device else { continue }
            if entry.st_nlink > 1, CInt(entry.st_mode) & S_IFMT != S_IFDIR, !seen.insert(UInt64(entry.st_ino)).inserted { continue }
            total += Int64(entry.st_blocks) * 512
            guard CInt(entry.st_mode) & S_IFMT == S_IFDIR else { continue }
            let flags = UInt64(O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            let child = gantry_openat2(directory.raw, raw, flags, 0, UInt64(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS))
            if child >= 0 { total += try usage(OwnedDescriptor(child), device: device, seen: &seen) }
        }
        return total
    }

    /// mount(2) of a file system by name; for directories that are ours.
    package static func mountFileSystem(
        _ type: String, source: String, at path: String, flags: UInt, data: String
    ) throws(SystemError) {
        try check("mount", path) { mount(source, path, type.isEmpty ? nil : type, flags, data.isEmpty ? nil : data) }
    }

    /// Detaches what is mounted at `path`; nothing mounted there is no error.
    package static func unmountFileSystem(_ path: String) throws(SystemError) {
        if umount2(path, CInt(MNT_DETACH) | CInt(UMOUNT_NOFOLLOW)) != 0, gantry_errno() != EINVAL, gantry_errno() != ENOENT {
            throw SystemError.last("umount2", path)
        }
    }

    /// Whether `path` is the root of a mount: its device differs from its parent's, or it is bound (statx mount root).
    package static func isMountPoint(_ path: String) -> Bool { gantry_is_mount_point(path) == 1 }
}

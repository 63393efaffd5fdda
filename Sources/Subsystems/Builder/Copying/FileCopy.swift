internal import CLinux
internal import Essentials
internal import LinuxSystem

/// Makes one new file, link or node that looks like its source.
struct FileCopy {
    private let copier: TreeCopier

    init(_ copier: TreeCopier) { self.copier = copier }

    /// - Returns: the new file, opened.
    func copy(_ source: OwnedDescriptor, _ node: SourceNode, to place: WorkTree.Place) throws -> OwnedDescriptor {
        let file = OwnedDescriptor(
            try check("openat", place.path) {
                gantry_openat(
                    place.directory.raw, Names.cString(place.name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            })
        try Self.content(source, file, size: node.status.size)
        // A folder that belongs to somebody may be written while it is copied; half of a change must not be kept under the key
        // of what was there before.
        let now = try source.status()
        guard now.changedAt == node.status.changedAt, now.size == node.status.size else {
            throw GantryError.conflict("`\(node.path)` changed while it was being copied", hint: "build again")
        }
        let owner = copier.owner(of: node)
        // The owner first: changing it takes setuid and capabilities away.
        try check("fchown") { fchown(file.raw, owner.user, owner.group) }
        try check("fchmod") { fchmod(file.raw, copier.permissions(node)) }
        try ExtendedAttributes.write(try ExtendedAttributes.read(source), to: file)
        try check("futimens") { futimens(file.raw, copier.times(node)) }
        return file
    }

    /// In the kernel where it can.
    /// - Parameter size: about as many bytes.
    private static func content(_ source: OwnedDescriptor, _ target: OwnedDescriptor, size: Int64) throws {
        var copied = 0
        while true {
            let count = copy_file_range(source.raw, nil, target.raw, nil, 1 << 30, 0)
            if count == 0 { return }
            if count < 0 {
                if gantry_errno() == EINTR { continue }
                guard copied == 0, [EXDEV, EINVAL, ENOSYS, EOPNOTSUPP, EPERM].contains(gantry_errno()) else {
                    throw SystemError.last("copy_file_range")
                }
                break
            }
            copied += count
        }
        var buffer = [UInt8](repeating: 0, count: Int(min(max(size, 4096), 256 << 10)))
        while true {
            let count = try buffer.withUnsafeMutableBytes { try source.read(into: $0) }
            if count == 0 { return }
            try buffer.withUnsafeBytes { try target.writeAll(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }

    func link(_ node: SourceNode, to place: WorkTree.Place) throws {
        let name = Names.cString(place.name)
        try check("symlinkat", place.path) { symlinkat(Names.cString(node.linkTarget), place.directory.raw, name) }
        try finish(node, place)
    }

    func node(_ node: SourceNode, to place: WorkTree.Place) throws {
        try check("mknodat", place.path) {
            mknodat(
                place.directory.raw, Names.cString(place.name), node.status.mode & ~0o7777 | 0o600, dev_t(node.status.specialDevice)
            )
        }
        try finish(node, place)
        try check("fchmodat", place.path) { fchmodat(place.directory.raw, Names.cString(place.name), copier.permissions(node), 0) }
    }

    private func finish(_ node: SourceNode, _ place: WorkTree.Place) throws {
        let owner = copier.owner(of: node)
        let name = Names.cString(place.name)
        try check("fchownat", place.path) { fchownat(place.directory.raw, name, owner.user, owner.group, AT_SYMLINK_NOFOLLOW) }
        try check("utimensat", place.path) { utimensat(place.directory.raw, name, copier.times(node), AT_SYMLINK_NOFOLLOW) }
    }

    /// Access and modification time both.
    static func times(_ nanoseconds: Int64) -> [timespec] {
        let seconds = nanoseconds >= 0 ? nanoseconds / 1_000_000_000 : (nanoseconds - 999_999_999) / 1_000_000_000
        let time = timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds - seconds * 1_000_000_000))
        return [time, time]
    }

    /// Writes a new file with the given bytes.
    static func write(
        _ content: [UInt8], to place: WorkTree.Place, owner: (user: UInt32, group: UInt32), permissions: UInt32
    ) throws {
        let file = OwnedDescriptor(
            try check("openat", place.path) {
                gantry_openat(
                    place.directory.raw, Names.cString(place.name), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
            })
        try file.writeAll(content)
        try check("fchown") { fchown(file.raw, owner.user, owner.group) }
        try check("fchmod") { fchmod(file.raw, permissions) }
    }
}

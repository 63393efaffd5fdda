internal import CLinux

/// What the kernel says of a file: `struct stat` in Swift's words.
package struct FileStatus: Sendable, Equatable {
    package enum Kind: Sendable { case regular, directory, symbolicLink, characterDevice, blockDevice, fifo, socket, unknown }

    package var device: UInt64
    package var inode: UInt64
    /// Type and permission bits together, as `st_mode`.
    package var mode: UInt32
    package var links: UInt64
    package var userID: UInt32
    package var groupID: UInt32
    /// Device number of a device file.
    package var specialDevice: UInt64
    /// Bytes.
    package var size: Int64
    /// Allocated units of 512 bytes.
    package var blocks: Int64
    /// Nanoseconds since 1970.
    package var modifiedAt: Int64
    package var changedAt: Int64

    /// Permission bits with setuid, setgid and sticky.
    package var permissions: UInt32 { mode & 0o7777 }

    package var kind: Kind {
        switch CInt(mode) & S_IFMT {
        case S_IFREG: .regular
        case S_IFDIR: .directory
        case S_IFLNK: .symbolicLink
        case S_IFCHR: .characterDevice
        case S_IFBLK: .blockDevice
        case S_IFIFO: .fifo
        case S_IFSOCK: .socket
        default: .unknown
        }
    }

    /// Of the open file `descriptor` (also one opened with O_PATH).
    package init(descriptor: CInt) throws(SystemError) {
        var raw = stat()
        try check("fstat") { fstat(descriptor, &raw) }
        self.init(raw)
    }

    /// Of `path` relative to `directory` (AT_FDCWD by default), by default without following a final link.
    package init(_ path: String, in directory: CInt = AT_FDCWD, follow: Bool = false) throws(SystemError) {
        var raw = stat()
        try check("fstatat", path) { fstatat(directory, path, &raw, follow ? 0 : AT_SYMLINK_NOFOLLOW) }
        self.init(raw)
    }

    /// Of the entry `name`, one component of any bytes, of an open directory, a final link not followed.
    package init(_ name: [UInt8], in directory: OwnedDescriptor) throws(SystemError) {
        var raw = stat()
        let path = name.map { CChar(bitPattern: $0) } + [0]
        try check("fstatat", String(decoding: name, as: UTF8.self)) { fstatat(directory.raw, path, &raw, AT_SYMLINK_NOFOLLOW) }
        self.init(raw)
    }

    private init(_ raw: stat) {
        device = UInt64(raw.st_dev)
        inode = UInt64(raw.st_ino)
        mode = raw.st_mode
        links = UInt64(raw.st_nlink)
        userID = raw.st_uid
        groupID = raw.st_gid
        specialDevice = UInt64(raw.st_rdev)
        size = Int64(raw.st_size)
        blocks = Int64(raw.st_blocks)
        modifiedAt = Int64(raw.st_mtim.tv_sec) * 1_000_000_000 + Int64(raw.st_mtim.tv_nsec)
        changedAt = Int64(raw.st_ctim.tv_sec) * 1_000_000_000 + Int64(raw.st_ctim.tv_nsec)
    }
}

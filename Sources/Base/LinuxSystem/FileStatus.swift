internal import CLinux

/// What the kernel says of a file: `struct statx` in Swift's words. Source: statx(2).
package struct FileStatus: Sendable, Equatable {
    package enum Kind: Sendable {
        case regular, directory, symbolicLink, characterDevice, blockDevice, fifo, socket, unknown

        /// By the type bits of `st_mode`.
        package init(mode: UInt32) {
            switch CInt(bitPattern: mode) & S_IFMT {
            case S_IFREG: self = .regular
            case S_IFDIR: self = .directory
            case S_IFLNK: self = .symbolicLink
            case S_IFCHR: self = .characterDevice
            case S_IFBLK: self = .blockDevice
            case S_IFIFO: self = .fifo
            case S_IFSOCK: self = .socket
            default: self = .unknown
            }
        }
    }

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
    /// When the inode was made, which nobody can set; nil where the file system does not keep it.
    package var bornAt: Int64?

    /// Permission bits with setuid, setgid and sticky.
    package var permissions: UInt32 { mode & 0o7777 }

    package var kind: Kind { Kind(mode: mode) }

    /// Of the open file `descriptor` (also one opened with O_PATH).
    package init(descriptor: CInt) throws(SystemError) {
        var raw = statx()
        try check("fstat") { statx(descriptor, "", AT_EMPTY_PATH, Self.wanted, &raw) }
        self.init(raw)
    }

    /// Of `path` relative to `directory` (AT_FDCWD by default), by default without following a final link.
    package init(_ path: String, in directory: CInt = AT_FDCWD, follow: Bool = false) throws(SystemError) {
        var raw = statx()
        try check("fstatat", path) { statx(directory, path, follow ? 0 : AT_SYMLINK_NOFOLLOW, Self.wanted, &raw) }
        self.init(raw)
    }

    /// Of the entry `name`, one component of any bytes, of an open directory, a final link not followed.
    package init(_ name: [UInt8], in directory: OwnedDescriptor) throws(SystemError) {
        var raw = statx()
        let path = name.map { CChar(bitPattern: $0) } + [0]
        try check("fstatat", String(decoding: name, as: UTF8.self)) {
            statx(directory.raw, path, AT_SYMLINK_NOFOLLOW, Self.wanted, &raw)
        }
        self.init(raw)
    }

    private static let wanted = UInt32(STATX_BASIC_STATS | STATX_BTIME)

    private init(_ raw: statx) {
        device = gantry_makedev(raw.stx_dev_major, raw.stx_dev_minor)
        inode = raw.stx_ino
        mode = UInt32(raw.stx_mode)
        links = UInt64(raw.stx_nlink)
        userID = raw.stx_uid
        groupID = raw.stx_gid
        specialDevice = gantry_makedev(raw.stx_rdev_major, raw.stx_rdev_minor)
        size = Int64(raw.stx_size)
        blocks = Int64(raw.stx_blocks)
        modifiedAt = Self.nanoseconds(raw.stx_mtime)
        changedAt = Self.nanoseconds(raw.stx_ctime)
        bornAt = raw.stx_mask & UInt32(STATX_BTIME) == 0 ? nil : Self.nanoseconds(raw.stx_btime)
    }

    private static func nanoseconds(_ time: statx_timestamp) -> Int64 { time.tv_sec * 1_000_000_000 + Int64(time.tv_nsec) }
}

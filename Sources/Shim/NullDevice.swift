import CLinux

/// A mount of the host's /dev/null that hangs nowhere, checked to be the null device: a container cannot have put anything in its
/// place. Read-only for the inode's sake: who opens it may write to the device but not change the host's mode and owner.
func nullDeviceMount() throws(Failure) -> CInt {
    let tree = try attempt { withC("/dev/null") { gantry_open_tree(AT_FDCWD, $0, UInt32(OPEN_TREE_CLONE) | UInt32(O_CLOEXEC)) } }
    do throws(Failure) {
        try requireNullDevice(tree)
        let attributes = UInt64(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)
        // Before Linux 5.12 there is no such call; the mount then stays as the host has it.
        if withC("", { gantry_mount_setattr(tree, $0, UInt32(AT_EMPTY_PATH), attributes, 0, 0, 0) }) != 0, gantry_errno() != ENOSYS
        {
            throw Failure.last
        }
        return tree
    } catch {
        close(tree)
        throw error
    }
}

/// The container's own null device for reading, as the standard input of a process without one: the host's would let its mode and
/// owner be changed through the descriptor. Where the container has none, a pipe that nobody writes to reads the same.
/// Only for a process whose root is the container's.
func openOwnNullDevice() throws(Failure) -> CInt {
    let flags = UInt64(O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
    let raw = withC(bytes("/dev/null")) {
        gantry_openat2(AT_FDCWD, $0, flags, 0, UInt64(RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS))
    }
    if raw >= 0 {
        do throws(Failure) {
            try requireNullDevice(raw)
            _ = gantry_fcntl(raw, F_SETFL, 0)
            return raw
        } catch { close(raw) }
    }
    var ends: [CInt] = [-1, -1]
    try attempt { pipe2(&ends, O_CLOEXEC) }
    close(ends[1])
    return ends[0]
}

private func requireNullDevice(_ descriptor: CInt) throws(Failure) {
    var status = stat()
    try attempt { fstat(descriptor, &status) }
    guard gantry_file_type(status.st_mode) == Int(S_IFCHR), status.st_rdev == gantry_makedev(1, 3) else {
        throw Failure(errno: ENODEV)
    }
}

import CLinux

extension Child {
    mutating func makeDevice(_ step: PlanStep) throws(Failure) {
        let mode = try step.word(0)
        let number = gantry_makedev(try step.word(1), try step.word(2))
        let (raw, name) = try withRoot { (root) throws(Failure) in try root.parent(of: try step.string(0)) }
        let directory = Descriptor(raw)
        if withC(name, { gantry_make_node(directory.raw, $0, mode, number) }) != 0 {
            let code = gantry_errno()
            // Made at an earlier start.
            if code == EEXIST, isDevice(name, in: directory.raw, mode, number) { return }
            // A user namespace may not make devices; the host's own is bound then.
            guard code == EPERM else { throw Failure(errno: code) }
            return try bindDevice(from: try step.string(1), to: try step.string(0))
        }
        let user = try step.word(3)
        let group = try step.word(4)
        try attempt { withC(name) { fchownat(directory.raw, $0, user, group, AT_SYMLINK_NOFOLLOW) } }
    }

    /// Whether the very device is there already.
    private func isDevice(_ name: [UInt8], in directory: CInt, _ mode: UInt32, _ number: UInt64) -> Bool {
        var status = stat()
        guard withC(name, { fstatat(directory, $0, &status, AT_SYMLINK_NOFOLLOW) }) == 0 else { return false }
        return gantry_file_type(status.st_mode) == gantry_file_type(mode) && UInt64(status.st_rdev) == number
    }

    private mutating func bindDevice(from source: [UInt8], to target: [UInt8]) throws(Failure) {
        let tree = Descriptor(
            try attempt { withC(source) { gantry_open_tree(AT_FDCWD, $0, UInt32(OPEN_TREE_CLONE) | UInt32(O_CLOEXEC)) } })
        let place = Descriptor(try withRoot { (root) throws(Failure) in try root.makeFile(target) })
        try attach(tree.raw, to: place.raw)
    }

    mutating func makeSymbolicLink(_ step: PlanStep) throws(Failure) {
        let content = try step.string(0)
        let (raw, name) = try withRoot { (root) throws(Failure) in try root.parent(of: try step.string(1)) }
        let directory = Descriptor(raw)
        let result = withC(content) { target in withC(name) { symlinkat(target, directory.raw, $0) } }
        if result != 0, gantry_errno() != EEXIST { throw Failure.last }
    }

    /// Writes through a procfs of the child's own that is mounted nowhere: no container can have covered it.
    mutating func setSysctl(_ step: PlanStep) throws(Failure) {
        let proc = try openOwnProc()
        let path = bytes("sys/") + (try step.string(0))
        let resolve = UInt64(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV)
        let file = Descriptor(try attempt { withC(path) { gantry_openat2(proc, $0, UInt64(O_WRONLY | O_CLOEXEC), 0, resolve) } })
        try writeAll(try step.string(1), to: file.raw)
    }

    mutating func openOwnProc() throws(Failure) -> CInt {
        if ownProc >= 0 { return ownProc }
        let context = Descriptor(try attempt { withC("proc") { gantry_fsopen($0, UInt32(FSOPEN_CLOEXEC)) } })
        try attempt { gantry_fsconfig(context.raw, UInt32(FSCONFIG_CMD_CREATE.rawValue), nil, nil, 0) }
        ownProc = try attempt {
            gantry_fsmount(context.raw, UInt32(FSMOUNT_CLOEXEC), UInt32(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NODEV))
        }
        return ownProc
    }

    func writeAll(_ content: [UInt8], to file: CInt) throws(Failure) {
        var done = 0
        while done < content.count {
            let count = content.withUnsafeBytes { write(file, $0.baseAddress! + done, content.count - done) }
            if count < 0 {
                if gantry_errno() == EINTR { continue }
                throw Failure.last
            }
            done += count
        }
    }

    /// Writes to a control file of the kernel's outside the container.
    func writeControl(_ path: [UInt8], _ content: [UInt8]) throws(Failure) {
        let file = Descriptor(try attempt { withC(path) { gantry_openat(AT_FDCWD, $0, O_WRONLY | O_CLOEXEC, 0) } })
        try writeAll(content, to: file.raw)
    }

    mutating func makeWorkingDirectory(_ step: PlanStep) throws(Failure) {
        let path = try step.string(0)
        do throws(Failure) { close(try withRoot { (root) throws(Failure) in try root.makeDirectory(path) }) } catch {
            // A root that cannot be written, or a magic link on the way: `workingDirectory` will say what is wrong.
            guard error.errno == EROFS || error.errno == ELOOP else { throw error }
        }
    }

    func enterWorkingDirectory(_ step: PlanStep) throws(Failure) {
        let path = try step.string(0)
        // No magic link: /proc/self/fd/N is whatever happens to be open here (CVE-2024-21626).
        let directory = Descriptor(
            try attempt {
                withC(path) {
                    gantry_openat2(
                        AT_FDCWD, $0, UInt64(O_PATH | O_DIRECTORY | O_CLOEXEC), 0, UInt64(RESOLVE_NO_MAGICLINKS))
                }
            })
        try attempt { fchdir(directory.raw) }
        // Wherever it came from: for a directory outside the kernel answers a path that does not start at the root.
        var buffer = [CChar](repeating: 0, count: 4096)
        guard gantry_getcwd(&buffer, buffer.count) > 0 else { throw Failure.last }
        guard buffer[0] == CChar(UInt8(ascii: "/")) else { throw Failure(errno: EXDEV) }
    }
}

import CLinux

extension Child {
    /// A new session with the pipes as standard streams; a user other than root may then open /dev/stdout and the like.
    func takePipes(_ step: PlanStep) throws(Failure) {
        let user = try step.word(0)
        try attempt { setsid() }
        var standard = self.standard
        if step.numbers.count == 4 { standard = [try step.descriptor(1), try step.descriptor(2), try step.descriptor(3)] }
        guard standard.count == 3 else { throw Failure(errno: EBADMSG) }
        for (number, given) in standard.enumerated() {
            let descriptor = given < 0 ? try openOwnNullDevice() : given
            if user != 0 { try giveTo(user, descriptor) }
            try attempt { dup2(descriptor, CInt(number)) }
        }
    }

    private func giveTo(_ user: UInt32, _ descriptor: CInt) throws(Failure) {
        var status = stat()
        try attempt { fstat(descriptor, &status) }
        // A null device, whosever it is, keeps its owner.
        guard gantry_file_type(status.st_mode) != Int(S_IFCHR) || status.st_rdev != gantry_makedev(1, 3) else { return }
        if fchown(descriptor, user, UInt32.max) == 0 { return }
        // A file of someone's outside the user namespace stays theirs; the open descriptor works all the same.
        let code = gantry_errno()
        guard code == EPERM || code == EINVAL || code == EROFS else { throw Failure(errno: code) }
    }

    /// Opens a terminal in the container's own devpts, gives the master to the shim and takes the other side as standard streams.
    /// The slave comes from the master itself (TIOCGPTPEER), never by a path that the container could have changed.
    func openTerminal(_ step: PlanStep) throws(Failure) {
        let columns = UInt16(truncatingIfNeeded: try step.number(0))
        let rows = UInt16(truncatingIfNeeded: try step.number(1))
        let path = bytes("/dev/pts/ptmx")
        let flags = O_RDWR | O_NOCTTY
        let rawMaster: CInt
        switch root {
        case .some(let root): rawMaster = try root.open(path, flags, noLinks: true)
        case .none:
            rawMaster = try attempt {
                withC(path) {
                    gantry_openat2(AT_FDCWD, $0, UInt64(flags | O_CLOEXEC), 0, UInt64(RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS))
                }
            }
        }
        let master = Descriptor(rawMaster)
        var status = stat()
        try attempt { fstat(master.raw, &status) }
        guard gantry_file_type(status.st_mode) == Int(S_IFCHR), status.st_rdev == gantry_makedev(5, 2) else {
            throw Failure(errno: ENODEV)
        }
        try attempt { gantry_unlock_terminal(master.raw) }
        let slave = Descriptor(try attempt { gantry_terminal_peer(master.raw) })
        if columns != 0 || rows != 0 { try attempt { gantry_set_window(master.raw, columns, rows) } }
        if try step.flag(2) { try bindConsole(slave.raw) }
        let user = try step.word(3)
        if user != 0 { try attempt { fchown(slave.raw, user, UInt32.max) } }
        var sent = master.raw
        if try step.flag(4) {
            // What the receivers of consoles expect as the message is the terminal's name.
            let socket = firstInherited + CInt(truncatingIfNeeded: try step.number(4)) - 1
            let name = bytes("/dev/ptmx")
            guard gantry_send_descriptors(socket, name, name.count, &sent, 1) == name.count else { throw Failure.last }
        } else {
            let message: [UInt8] = [ChildMessage.terminal]
            guard gantry_send_descriptors(channel, message, 1, &sent, 1) == 1 else { throw Failure.last }
        }
        try attempt { setsid() }
        try attempt { gantry_take_terminal(slave.raw) }
        for number in CInt(0)...2 { try attempt { dup2(slave.raw, number) } }
    }

    private func bindConsole(_ slave: CInt) throws(Failure) {
        let tree = Descriptor(
            try attempt {
                withC("") { gantry_open_tree(slave, $0, UInt32(OPEN_TREE_CLONE) | UInt32(O_CLOEXEC) | UInt32(AT_EMPTY_PATH)) }
            })
        let place = Descriptor(try withRoot { (root) throws(Failure) in try root.makeFile(bytes("/dev/console")) })
        try attach(tree.raw, to: place.raw)
    }

    /// Bounding set, groups, group, user, in this order: each takes away the right to do the ones before. Capabilities are kept
    /// across the change of user, so that a filter can still be set without no_new_privs; `capabilities` settles them.
    func takeIdentity(_ step: PlanStep) throws(Failure) {
        let (user, group, mask, bounding) = (try step.word(0), try step.word(1), try step.word(2), try step.number(3))
        for number in CInt(0)..<64 where bounding & (1 << UInt64(number)) == 0 && gantry_capability_in_bounding_set(number) == 1 {
            try attempt { gantry_prctl(PR_CAPBSET_DROP, UInt(number), 0, 0, 0) }
        }
        let groups = step.numbers.dropFirst(4).map { UInt32(truncatingIfNeeded: $0) }
        if !keepsGroups { try attempt { gantry_setgroups(groups.count, groups) } }
        try attempt { gantry_setresgid(group, group, group) }
        try attempt { gantry_prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) }
        try attempt { gantry_setresuid(user, user, user) }
        try attempt { gantry_prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) }
        var (effective, permitted, inheritable): (UInt64, UInt64, UInt64) = (0, 0, 0)
        try attempt { gantry_capget(&effective, &permitted, &inheritable) }
        try attempt { gantry_capset(permitted, permitted, inheritable) }
        umask(mask)
        // The change of user cleared these two.
        try attempt { gantry_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) }
        if !isLeft { try attempt { gantry_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL), 0, 0, 0) } }
    }

    func takeCapabilities(_ step: PlanStep) throws(Failure) {
        let (effective, permitted, inheritable, ambient) = (
            try step.number(0), try step.number(1), try step.number(2), try step.number(3)
        )
        try attempt { gantry_capset(effective, permitted, inheritable) }
        try attempt { gantry_prctl(PR_CAP_AMBIENT, UInt(PR_CAP_AMBIENT_CLEAR_ALL), 0, 0, 0) }
        for number in UInt64(0)..<64 where ambient & (1 << number) != 0 {
            try attempt { gantry_prctl(PR_CAP_AMBIENT, UInt(PR_CAP_AMBIENT_RAISE), UInt(number), 0, 0) }
        }
    }

    func filterCalls(_ step: PlanStep) throws(Failure) {
        let filter = try step.string(0)
        let flags = try step.word(0)
        guard filter.count % 8 == 0, filter.count / 8 <= Int(UInt16.max) else { throw Failure(errno: EBADMSG) }
        try attempt { filter.withUnsafeBytes { gantry_seccomp_filter($0.baseAddress, UInt16(filter.count / 8), flags) } }
    }

    func hold() throws(Failure) { try wait(saying: [ChildMessage.held]) }

    /// Sends a message to the shim and waits for a byte from it.
    func wait(saying message: [UInt8]) throws(Failure) {
        guard gantry_send(channel, message, message.count, 1) == message.count else { throw Failure.last }
        var answer: [UInt8] = [0]
        let count = try attempt { CInt(recv(channel, &answer, 1, 0)) }
        // The shim is gone or gave up.
        if count != 1 { throw Failure(errno: ECANCELED) }
    }
}

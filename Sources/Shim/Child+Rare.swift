import CLinux

extension Child {
    /// Tells the daemon which step this is and waits until it has done its part.
    func awaitDaemon(_ step: PlanStep) throws(Failure) {
        let readable = try step.flag(0)
        // Only now and only for the user's own helpers that write the maps of ids: nothing foreign runs in these namespaces yet.
        if readable { try attempt { gantry_prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) } }
        var message = [ChildMessage.awaitsDaemon]
        PlanCoding.append(UInt32(position), to: &message)
        try wait(saying: message)
        if readable { try attempt { gantry_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) } }
    }

    /// Groups first: the user namespace may forbid setgroups, and then there is nothing to drop.
    func becomeRoot() throws(Failure) {
        if !keepsGroups { try attempt { gantry_setgroups(0, nil) } }
        try attempt { gantry_setresgid(0, 0, 0) }
        try attempt { gantry_setresuid(0, 0, 0) }
        // The change of user cleared these two.
        try attempt { gantry_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) }
        if !isLeft { try attempt { gantry_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL), 0, 0, 0) } }
    }

    /// The host's procfs names a process by its number in the namespace that the procfs was mounted in.
    mutating func learnOwnNumber() throws(Failure) {
        var content = [CChar](repeating: 0, count: 32)
        let length = try attempt { withC("/proc/self") { CInt(readlink($0, &content, 31)) } }
        var number: CInt = 0
        for digit in content[..<Int(length)] {
            guard digit >= 48 && digit <= 57 else { throw Failure(errno: EBADMSG) }
            number = number &* 10 &+ CInt(digit - 48)
        }
        guard number > 0 else { throw Failure(errno: ESRCH) }
        ownNumber = number
    }

    /// The pieces with the process's number between each two.
    func joinedByNumber(_ pieces: ArraySlice<[UInt8]>) throws(Failure) -> [UInt8] {
        guard ownNumber > 0 else { throw Failure(errno: EBADMSG) }
        var result: [UInt8] = []
        var isFirst = true
        for piece in pieces {
            if !isFirst { result += decimal(Int64(ownNumber)) }
            isFirst = false
            result += piece
        }
        return result
    }

    func setScheduler(_ step: PlanStep) throws(Failure) {
        let (policy, nice) = (try step.word(0), CInt(bitPattern: try step.word(1)))
        let (priority, flags) = (try step.word(2), try step.number(3))
        let (runtime, deadline, period) = (try step.number(4), try step.number(5), try step.number(6))
        try attempt { gantry_set_scheduler(policy, flags, nice, priority, runtime, deadline, period) }
    }

    /// Through a procfs of the child's own: what the container has mounted on /proc cannot take the label instead (CVE-2019-16884).
    mutating func setLabel(_ step: PlanStep) throws(Failure) {
        let proc = try openOwnProc()
        let path = decimal(Int64(getpid())) + bytes("/attr/") + (try step.string(0))
        let resolve = UInt64(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV)
        let file = Descriptor(try attempt { withC(path) { gantry_openat2(proc, $0, UInt64(O_WRONLY | O_CLOEXEC), 0, resolve) } })
        try writeAll(try step.string(1), to: file.raw)
    }

    /// As `seccomp`, and hands the descriptor that tells of calls to whoever decides on them. The filter holds already when it
    /// is sent, so the planner refuses filters that would stop the sending.
    func filterCallsNotifying(_ step: PlanStep) throws(Failure) {
        let filter = try step.string(0)
        let flags = try step.word(0)
        let socket = try step.descriptor(1)
        let state = try joinedByNumber(step.strings.dropFirst())
        guard filter.count % 8 == 0, filter.count / 8 <= Int(UInt16.max) else { throw Failure(errno: EBADMSG) }
        var listener = try attempt {
            filter.withUnsafeBytes { gantry_seccomp_filter($0.baseAddress, UInt16(filter.count / 8), flags) }
        }
        guard gantry_send_descriptors(socket, state, state.count, &listener, 1) == state.count else { throw Failure.last }
        close(listener)
    }
}

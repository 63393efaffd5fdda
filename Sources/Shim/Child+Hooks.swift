import CLinux

extension Child {
    /// Runs a program in the namespaces and the root that hold now, with the container's state as its standard input, and waits.
    /// - Throws: ``StartReport/Detail/hookExit`` with the exit code, `hookSignal` with the signal, ETIME when it takes too long.
    func runHook(_ step: PlanStep) throws(Failure) {
        let timeout = try step.number(0)
        let count = Int(try step.number(1))
        let pieces = Int(try step.number(2))
        guard count >= 0, pieces > 0, 1 + count + pieces <= step.strings.count else { throw Failure(errno: EBADMSG) }
        let state = try joinedByNumber(step.strings[(1 + count)..<(1 + count + pieces)])
        let path = step.strings[0]
        let arguments = count == 0 ? step.strings[0..<1] : step.strings[1..<(1 + count)]
        // A file in memory rather than a pipe: a hook that reads nothing cannot make us wait or die.
        let input = Descriptor(try attempt { withC("state") { gantry_memfd_create($0, UInt32(MFD_CLOEXEC)) } })
        try writeAll(state, to: input.raw)
        try attempt { CInt(truncatingIfNeeded: lseek(input.raw, 0, SEEK_SET)) }
        let argv = pointers(arguments)
        let envp = pointers(step.strings[(1 + count + pieces)...])
        // The plain call: a filter may already be in force, and the usual ones answer that there is no clone3.
        let process = try attempt { gantry_fork() }
        if process == 0 {
            gantry_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL), 0, 0, 0)
            gantry_reset_signals()
            if dup2(input.raw, 0) == 0, gantry_close_range(3, UInt32.max, UInt32(CLOSE_RANGE_CLOEXEC)) == 0 {
                _ = withC(path) { execve($0, argv, envp) }
            }
            _exit(gantry_errno() == ENOENT ? 127 : 126)
        }
        let handle = Descriptor(try attempt { gantry_pidfd_open(process, 0) })
        var entry = pollfd(fd: handle.raw, events: Int16(POLLIN), revents: 0)
        let ready = try attempt { poll(&entry, 1, timeout == 0 ? -1 : CInt(clamping: timeout)) }
        if ready == 0 { gantry_pidfd_send_signal(handle.raw, SIGKILL) }
        var status: CInt = 0
        try attempt { waitpid(process, &status, 0) }
        if ready == 0 { throw Failure(errno: ETIME) }
        if gantry_wifsignaled(status) != 0 { throw Failure(errno: gantry_wtermsig(status), detail: .hookSignal) }
        let code = gantry_wexitstatus(status)
        if code != 0 { throw Failure(errno: code, detail: .hookExit) }
    }
}

import CLinux

/// The same program as process 1 of a container (`--init`): runs the user's program as its child, passes signals on, collects
/// whatever ends, and ends as the child did.
struct Init {
    /// The name under which containers see it.
    static let name = bytes("docker-init")

    /// Signals that mean this process itself, or that a background process of a terminal gets for reading and writing.
    private static let own: [CInt] = [SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGABRT, SIGTRAP, SIGSYS]
    private static let background: [CInt] = [SIGTTIN, SIGTTOU]

    /// - Parameter arguments: `--` and the program with its arguments.
    /// - Returns: the exit status.
    static func run(_ arguments: [UnsafeMutablePointer<CChar>?]) -> CInt {
        var program = arguments
        if let first = program.first, let first, strcmp(first, "--") == 0 { program.removeFirst() }
        guard let first = program.first, first != nil else {
            say(bytes("no program was given"))
            return 1
        }
        program.append(nil)
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        for signal in own { sigdelset(&all, signal) }
        sigprocmask(SIG_SETMASK, &all, &before)
        for signal in background { gantry_ignore_signal(signal) }
        // Without a pid namespace of its own it still gets the orphans.
        if getpid() != 1 { gantry_prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }
        let child = fork()
        if child < 0 {
            say(bytes("fork failed: ") + text(gantry_errno()))
            return 1
        }
        if child == 0 { become(program, mask: before) }
        return mind(child, all)
    }

    /// In the child: a process group of its own, in the foreground of the terminal if there is one.
    private static func become(_ program: [UnsafeMutablePointer<CChar>?], mask: sigset_t) -> Never {
        setpgid(0, 0)
        tcsetpgrp(0, getpgrp())
        gantry_reset_signals()
        var mask = mask
        sigprocmask(SIG_SETMASK, &mask, nil)
        execvp(program[0]!, program)
        let code = gantry_errno()
        let name = Array(
            UnsafeBufferPointer(
                start: UnsafeRawPointer(program[0]!).assumingMemoryBound(to: UInt8.self), count: strlen(program[0]!)))
        say(bytes("exec ") + name + bytes(" failed: ") + text(code))
        _exit(code == ENOENT ? 127 : code == EACCES ? 126 : 1)
    }

    private static func mind(_ child: pid_t, _ signals: sigset_t) -> CInt {
        var signals = signals
        while true {
            let number = sigwaitinfo(&signals, nil)
            if number < 0 { continue }
            guard number == SIGCHLD else {
                // Fails only when the child has ended, which the next SIGCHLD shows.
                kill(child, number)
                continue
            }
            var status: CInt = 0
            while true {
                let ended = waitpid(-1, &status, WNOHANG)
                if ended <= 0 { break }
                if ended == child {
                    return gantry_wifsignaled(status) != 0 ? 128 + gantry_wtermsig(status) : gantry_wexitstatus(status)
                }
            }
        }
    }

    private static func text(_ code: CInt) -> [UInt8] {
        guard let text = strerror(code) else { return decimal(Int64(code)) }
        return Array(UnsafeBufferPointer(start: UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self), count: strlen(text)))
    }

    /// In the words that Docker's init has for it.
    private static func say(_ message: [UInt8]) {
        let line = bytes("[FATAL tini (") + decimal(Int64(getpid())) + bytes(")] ") + message + [10]
        _ = write(2, line, line.count)
    }
}

import CLinux

/// The commands of another OCI runtime, which makes the container in the place of a child of ours; or criu's, which restores it.
///
/// Its processes come to the shim when the command that made them ends, for the shim adopts orphans.
struct OtherRuntime {
    /// Makes the container; empty when the next makes all.
    let create: [[UInt8]]
    /// Lets the program run.
    let start: [[UInt8]]
    private let environment: [[UInt8]]
    let holds: Bool
    let columns: UInt16
    let rows: UInt16
    /// What the container's streams are numbered from in the command that makes it.
    private let firstStream: CInt
    /// Comes after the streams.
    let handed: [CInt]
    /// Which step of the plan it is.
    let step: UInt32

    init(_ step: PlanStep, index: Int) throws(Failure) {
        let first = Int(clamping: try step.number(3))
        let second = Int(clamping: try step.number(4))
        guard second > 0, first <= step.strings.count, second <= step.strings.count - first else { throw Failure(errno: EBADMSG) }
        holds = try step.flag(0)
        columns = UInt16(clamping: try step.number(1))
        rows = UInt16(clamping: try step.number(2))
        firstStream = step.numbers.count > 5 ? CInt(clamping: try step.number(5)) : 0
        var handed: [CInt] = []
        for index in 6..<max(6, step.numbers.count) { handed.append(try step.descriptor(index)) }
        self.handed = handed
        create = Array(step.strings[..<first])
        start = Array(step.strings[first..<(first + second)])
        environment = Array(step.strings[(first + second)...])
        self.step = UInt32(index)
    }

    /// Runs one command to its end.
    /// - Parameter given: the container's streams and what follows them; empty for a command that makes nothing.
    /// - Throws: ``StartReport/Detail/hookExit`` with the exit code, `hookSignal` with the signal.
    func run(_ command: [[UInt8]], _ given: [CInt]) throws(Failure) {
        let argv = Self.pointers(command)
        let envp = Self.pointers(environment)
        defer { for pointer in argv + envp { free(pointer) } }
        let process = try attempt { gantry_fork() }
        if process == 0 {
            gantry_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL), 0, 0, 0)
            gantry_reset_signals()
            let first = max(3, firstStream + CInt(given.count))
            if take(given), gantry_close_range(UInt32(first), UInt32.max, UInt32(CLOSE_RANGE_CLOEXEC)) == 0 {
                _ = withC(command[0]) { execve($0, argv, envp) }
            }
            _exit(gantry_errno() == ENOENT ? 127 : 126)
        }
        var status: CInt = 0
        try attempt { waitpid(process, &status, 0) }
        if gantry_wifsignaled(status) != 0 { throw Failure(errno: gantry_wtermsig(status), detail: .hookSignal) }
        let code = gantry_wexitstatus(status)
        if code != 0 { throw Failure(errno: code, detail: .hookExit) }
    }

    /// Gives descriptors their numbers, once they are out of one another's way.
    private func take(_ descriptors: [CInt]) -> Bool {
        var moved: [CInt] = []
        for descriptor in descriptors {
            let copy = gantry_fcntl(descriptor, F_DUPFD_CLOEXEC, 64)
            if copy < 0 { return false }
            moved.append(copy)
        }
        for (index, descriptor) in moved.enumerated() where dup2(descriptor, firstStream + CInt(index)) < 0 { return false }
        return true
    }

    private static func pointers(_ list: [[UInt8]]) -> [UnsafeMutablePointer<CChar>?] {
        var result: [UnsafeMutablePointer<CChar>?] = []
        for entry in list { result.append(withC(entry) { strdup($0) }) }
        result.append(nil)
        return result
    }
}

extension Setup {
    /// In the place of `fork`.
    mutating func startRuntime(_ step: PlanStep) throws(Failure) -> Minder {
        let runtime = try OtherRuntime(step, index: index)
        var streams = try streams()
        if streams.child.count == 3, streams.child[0] < 0 { streams.child[0] = try nullInput() }
        let childSignals = try attempt { gantry_child_signal_descriptor() }
        let minder = Minder(
            settings: settings, processID: 0, process: -1, listener: listener, childSignals: childSignals, log: log(), channel: -1,
            outputs: streams.outputs, inputPipe: streams.input)
        minder.runtime = runtime
        minder.streamsOfRuntime = streams.child
        minder.announced = true
        try minder.makeWithRuntime()
        return minder
    }

    /// The host's null device, of which nothing can be changed through the descriptor: runtimes give it the user as its owner.
    private func nullInput() throws(Failure) -> CInt {
        let tree = Descriptor(try nullDeviceMount())
        let path = bytes("/proc/self/fd/") + decimal(Int64(tree.raw))
        return try attempt { withC(path) { gantry_openat(AT_FDCWD, $0, O_RDONLY | O_CLOEXEC, 0) } }
    }
}

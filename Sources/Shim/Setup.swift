import CLinux

/// The shim's own steps: reads the plan, opens what will be needed, and clones the child.
struct Setup {
    let steps: [PlanStep]
    private(set) var settings = Settings()
    private var logFile: LogFile?
    private var helper: LogHelper?
    private var forwarder: LogForwarder?
    private(set) var listener: CInt = -1
    private(set) var index = 0
    /// Steps of the process between this one and the child; empty for most plans.
    private var stage = 0..<0

    /// `F_SETPIPE_SZ`, which Swift does not import. Source: fcntl(2).
    private let setPipeSize: CInt = 1031
    /// Bytes that an output may be ahead of the shim.
    private static let pipeSize = 1 << 20

    init?() {
        var status = stat()
        guard fstat(planDescriptor, &status) == 0, status.st_size > 0, status.st_size < 64 << 20 else { return nil }
        var content = [UInt8](repeating: 0, count: Int(status.st_size))
        let count = content.withUnsafeMutableBytes { pread(planDescriptor, $0.baseAddress, $0.count, 0) }
        close(planDescriptor)
        guard count == content.count, let steps = PlanCoding.decode(content) else { return nil }
        self.steps = steps
    }

    /// - Returns: nil after a failure, which has been reported.
    mutating func start() -> Minder? {
        do throws(Failure) {
            gantry_ignore_signal(SIGPIPE)
            // The child must not be looked into or traced by anything in the namespaces that it enters before execve.
            try attempt { gantry_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) }
            try attempt { gantry_prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }
            while index < steps.count {
                if steps[index].operation == .fork { return try fork(steps[index]) }
                if steps[index].operation == .runtime { return try startRuntime(steps[index]) }
                if steps[index].operation == .stage { try skipStage() } else { try perform(steps[index]) }
                index += 1
            }
            throw Failure(errno: EBADMSG)
        } catch {
            let report = StartReport(.failed, processID: 0, step: UInt32(index), errno: error.errno, detail: error.detail)
                .encode()
            _ = report.withUnsafeBytes { gantry_send(reportDescriptor, $0.baseAddress, $0.count, 1) }
            return nil
        }
    }

    private mutating func perform(_ step: PlanStep) throws(Failure) {
        switch step.operation {
        case .stateDirectory:
            let path = try step.string(0)
            try attempt { withC(path) { chdir($0) } }
            listener = try listen()
        case .streams:
            settings.terminal = try step.flag(0)
            settings.openStdin = try step.flag(1)
            settings.stdinOnce = try step.flag(2)
            settings.leaves = try step.flag(3)
        case .log:
            let settings = LogFile.Settings(
                path: try step.string(0), format: try step.flag(2) ? .records : .jsonLines, maximumSize: Int64(try step.number(0)),
                files: Int(try step.number(1)), attributes: try step.string(1))
            let file = try LogFile(settings)
            if try step.flag(3) {
                helper = try LogHelper(file, settings, limit: Int(try step.number(3)))
            } else {
                logFile = file
            }
        case .logService: forwarder = try makeForwarder(step)
        case .outOfMemoryFile: settings.outOfMemoryFile = try step.string(0)
        case .enterProcessNamespace: try Stage.perform(step)
        case .ownMounts, .placeTree, .placeNamespace: try OwnMounts.perform(step)
        default: throw Failure(errno: EBADMSG)
        }
    }

    /// The steps up to `fork` are left to the stage.
    private mutating func skipStage() throws(Failure) {
        let first = index + 1
        while index + 1 < steps.count, steps[index + 1].operation != .fork { index += 1 }
        stage = first..<(index + 1)
    }

    private func makeForwarder(_ step: PlanStep) throws(Failure) -> LogForwarder {
        guard let kind = LogMessage.Kind(rawValue: try step.number(0)), try step.string(0).count >= 2 else {
            throw Failure(errno: EBADMSG)
        }
        let message = LogMessage(
            kind: kind, facility: Int64(try step.number(1)), tag: try step.string(1), hostName: try step.string(2))
        return LogForwarder(
            message: message, address: try step.string(0), isStream: try step.flag(2), mayDrop: try step.flag(3),
            limit: Int(try step.number(4)))
    }

    /// The name is relative to the state directory: a whole path may be longer than an address can be.
    private func listen() throws(Failure) -> CInt {
        try attempt { withC("shim.sock") { gantry_listen_unix($0) } }
    }

    private func pipe() throws(Failure) -> (read: CInt, write: CInt) {
        var ends: [CInt] = [-1, -1]
        try attempt { pipe2(&ends, O_CLOEXEC) }
        return (ends[0], ends[1])
    }

    /// The child's ends of the standard streams, and ours.
    mutating func streams() throws(Failure) -> (child: [CInt], outputs: [CInt], input: CInt) {
        if settings.terminal || settings.leaves { return ([], [-1], -1) }
        var input: CInt = -1
        let first: CInt
        if settings.openStdin {
            let ends = try pipe()
            (first, input) = (ends.read, ends.write)
            _ = gantry_fcntl(input, F_SETFL, Int(O_NONBLOCK) | Int(O_WRONLY))
        } else {
            // The child takes the container's null device.
            first = -1
        }
        let output = try pipe()
        let error = try pipe()
        settings.hasLargePipes = true
        for end in [output.read, error.read] {
            _ = gantry_fcntl(end, F_SETFL, Int(O_NONBLOCK))
            // The container need not wait for the log so soon. Where the host allows no more it stays at the kernel's 64 KiB.
            if gantry_fcntl(end, setPipeSize, Self.pipeSize) < 0 { settings.hasLargePipes = false }
        }
        return ([first, output.write, error.write], [output.read, error.read], input)
    }

    private mutating func fork(_ step: PlanStep) throws(Failure) -> Minder? {
        var channel: [CInt] = [-1, -1]
        try attempt { gantry_message_pair(&channel) }
        let streams = try streams()
        let childSignals = try attempt { gantry_child_signal_descriptor() }
        var flags = (try step.number(0)) | UInt64(CLONE_PIDFD)
        var cgroup: CInt = -1
        let cgroupPath = try step.string(0)
        if !cgroupPath.isEmpty {
            cgroup = try attempt { withC(cgroupPath) { gantry_openat(AT_FDCWD, $0, O_PATH | O_DIRECTORY | O_CLOEXEC, 0) } }
            flags |= UInt64(CLONE_INTO_CGROUP)
        }
        var process: CInt = -1
        let processID: CInt
        if stage.isEmpty {
            processID = try attempt { gantry_clone3(flags, &process, UInt64(SIGCHLD), cgroup < 0 ? 0 : UInt64(cgroup)) }
        } else {
            processID = try cloneThroughStage(flags, &process, cgroup)
        }
        if processID == 0 {
            close(channel[0])
            var child = Child(steps: steps, channel: channel[1], standard: streams.child, isLeft: settings.leaves)
            child.run(from: index + 1)
            _exit(127)
        }
        close(channel[1])
        if cgroup >= 0 { close(cgroup) }
        for descriptor in streams.child where descriptor >= 0 { close(descriptor) }
        ProcessNumber.keep(processID)
        // What was inherited for the child (namespaces) is of no more use here.
        return Minder(
            settings: settings, processID: processID, process: process, listener: listener, childSignals: childSignals, log: log(),
            channel: channel[0], outputs: streams.outputs, inputPipe: streams.input)
    }

    /// - Returns: 0 in the child, as clone does; the child's number here.
    private mutating func cloneThroughStage(_ flags: UInt64, _ process: inout CInt, _ cgroup: CInt) throws(Failure) -> CInt {
        let forkIndex = index
        let result = Stage(steps: steps, range: stage).clone(flags, cgroup)
        if case .failed(let step, let errno) = result {
            index = step < 0 ? forkIndex : step
            throw Failure(errno: errno)
        }
        if case .parent(let number, let handle) = result {
            process = handle
            return number
        }
        return 0
    }

    func log() -> OutputLog? {
        if logFile == nil && helper == nil && forwarder == nil { return nil }
        return OutputLog(file: logFile, helper: helper, forwarder: forwarder)
    }
}

import CLinux

/// The container's first process (or an exec's) between clone and execve: carries out what is left of the plan.
struct Child: ~Copyable {
    let steps: [PlanStep]
    /// To the shim: one byte (see `ChildMessage`), with the terminal's master for the first of them, or a ``StartReport`` for failure.
    var channel: CInt
    /// Ends of pipes that become 0, 1 and 2, -1 for the null device; unused with a terminal.
    let standard: [CInt]
    /// Outlives the shim.
    let isLeft: Bool

    var root: Root?
    private var announced = false
    /// Which step is being performed.
    private(set) var position = 0
    /// A detached empty tmpfs, made when first needed; -1 before.
    var emptyDirectory: CInt = -1
    /// A mount of the null device, made when first needed; -1 before.
    var nullDevice: CInt = -1
    /// A detached procfs of the child's namespaces, made when first needed; -1 before.
    var ownProc: CInt = -1
    /// In the host's pid namespace; 0 until asked for.
    var ownNumber: CInt = 0
    var keepsGroups = false
    /// Descriptors that the program gets as 3, 4 and so on.
    var preserved: [CInt] = []

    init(steps: [PlanStep], channel: CInt, standard: [CInt], isLeft: Bool) {
        self.steps = steps
        self.channel = channel
        self.standard = standard
        self.isLeft = isLeft
        root = nil
    }

    /// Performs the steps from `first` on; comes back only by a failure, which it reports.
    mutating func run(from first: Int) {
        if !isLeft { gantry_prctl(PR_SET_PDEATHSIG, UInt(SIGKILL), 0, 0, 0) }
        umask(0)
        var index = first
        while index < steps.count {
            position = index
            announce(before: steps[index].operation)
            do throws(Failure) { try perform(steps[index]) } catch {
                let report = StartReport(.failed, processID: 0, step: UInt32(index), errno: error.errno, detail: error.detail)
                    .encode()
                _ = report.withUnsafeBytes { gantry_send(channel, $0.baseAddress, $0.count, 1) }
                return
            }
            index += 1
        }
    }

    /// Says that only the filter and execve are left: if the channel then ends without a failure, the program runs.
    private mutating func announce(before operation: PlanOperation) {
        guard !announced, operation == .seccomp || operation == .seccompNotify || operation == .execute else { return }
        announced = true
        let message: [UInt8] = [ChildMessage.announced]
        // Nobody listens: the shim died before PDEATHSIG was set, and nobody would mind the program.
        if gantry_send(channel, message, 1, 1) != 1 { _exit(127) }
    }

    func withRoot<Value: ~Copyable>(_ body: (borrowing Root) throws(Failure) -> Value) throws(Failure) -> Value {
        switch root {
        case .some(let root): return try body(root)
        case .none: throw Failure(errno: EBADMSG)
        }
    }

    private mutating func perform(_ step: PlanStep) throws(Failure) {
        switch step.operation {
        case .stateDirectory, .streams, .log, .logService, .outOfMemoryFile, .enterProcessNamespace, .fork:
            throw Failure(errno: EBADMSG)
        case .enterCgroups: for path in step.strings { try writeControl(path, [48]) }
        case .enterNamespace:
            let descriptor = try step.descriptor(0)
            let kind = CInt(bitPattern: try step.word(1))
            try attempt { gantry_setns(descriptor, kind) }
        case .unshare:
            let flags = CInt(bitPattern: try step.word(0))
            try attempt { gantry_unshare(flags) }
        case .propagation:
            let flags = UInt(try step.number(0))
            try attempt { withC("/") { mount(nil, $0, nil, flags, nil) } }
        case .rootTree, .rootBind: try mountRoot(step)
        case .mountNew: try mountNew(step)
        case .bind: try bind(step)
        case .bindTree: try bindTree(step)
        case .device: try makeDevice(step)
        case .symbolicLink: try makeSymbolicLink(step)
        case .mask: try mask(step)
        case .readOnly: try makeReadOnly(step)
        case .sysctl: try setSysctl(step)
        case .hostName:
            let name = try step.string(0)
            try attempt { withC(name) { sethostname($0, name.count) } }
        case .domainName:
            let name = try step.string(0)
            try attempt { withC(name) { setdomainname($0, name.count) } }
        case .setAttributes: try setAttributes(step)
        case .pivotRoot: try pivot(step)
        default: try performProcess(step)
        }
    }

    /// The steps that concern the process rather than its root.
    private mutating func performProcess(_ step: PlanStep) throws(Failure) {
        switch step.operation {
        case .resourceLimit:
            let resource = CInt(try step.word(0))
            let (soft, hard) = (try step.number(1), try step.number(2))
            try attempt { gantry_set_limit(resource, soft, hard) }
        case .outOfMemoryScore: try writeControl(bytes("/proc/self/oom_score_adj"), try step.string(0))
        case .terminal: try openTerminal(step)
        case .pipes: try takePipes(step)
        case .makeDirectory: try makeWorkingDirectory(step)
        case .workingDirectory: try enterWorkingDirectory(step)
        case .identity: try takeIdentity(step)
        case .seccomp: try filterCalls(step)
        case .noNewPrivileges: try attempt { gantry_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }
        case .capabilities: try takeCapabilities(step)
        case .hold: try hold()
        case .execute: try execute(step)
        default: try performRare(step)
        }
    }

    /// The steps that few plans have.
    private mutating func performRare(_ step: PlanStep) throws(Failure) {
        switch step.operation {
        case .awaitDaemon: try awaitDaemon(step)
        case .becomeRoot: try becomeRoot()
        case .mountCopy: try mountCopy(step)
        case .changeMount: try changeMount(step)
        case .hook: try runHook(step)
        case .ownNumber: try learnOwnNumber()
        case .scheduler: try setScheduler(step)
        case .ioPriority:
            let value = CInt(bitPattern: try step.word(0))
            try attempt { gantry_set_io_priority(value) }
        case .affinity:
            let mask = try step.string(0)
            try attempt { mask.withUnsafeBytes { gantry_set_affinity($0.baseAddress, $0.count) } }
        case .personality:
            let persona = UInt(try step.number(0))
            try attempt { gantry_personality(persona) }
        case .label: try setLabel(step)
        case .seccompNotify: try filterCallsNotifying(step)
        case .memoryPolicy:
            let (mode, nodes) = (CInt(bitPattern: try step.word(0)), try step.string(0))
            try attempt { nodes.withUnsafeBytes { gantry_set_mempolicy(mode, $0.baseAddress, UInt($0.count * 8)) } }
        case .keyring:
            let name = try step.string(0)
            try attempt { withC(name) { gantry_join_session_keyring($0) } }
        case .locate: try locate(step)
        case .keepGroups: keepsGroups = true
        case .preserve:
            for index in step.numbers.indices { preserved.append(try step.descriptor(index)) }
        default: throw Failure(errno: EBADMSG)
        }
    }
}

internal import Essentials
internal import LinuxSystem
internal import OCI
internal import ShimProtocol

/// The steps between an entered root and the running program: the same for a container's first process and an exec.
struct ProcessPlanner {
    var process: RuntimeSpecification.Process
    var seccomp: LinuxSeccomp?
    var stdio: StandardStreams
    var hold: Bool
    var inherited: InheritedStreams?
    var availableCapabilities: UInt64
    /// Run in the container before its program.
    var hooks: [RuntimeSpecification.Hook] = []
    /// What these and a filter's listener are told.
    var state: HookState?
    /// False in a user namespace that forbids it.
    var setsGroups = true
    var preserved: [OwnedDescriptor] = []

    /// Limits and the OOM score are set while the host's /proc is still there.
    static func addLimits(_ process: RuntimeSpecification.Process, to plan: inout Plan) throws(GantryError) {
        for limit in process.rlimits ?? [] where ResourceLimitName.numbers[limit.type] == nil {
            throw .invalid("unknown resource limit `\(limit.type)`")
        }
        for limit in DescriptorLimit.early(process.rlimits ?? []) { add(limit, to: &plan) }
        if let score = process.oomScoreAdj { plan.add(.outOfMemoryScore, [], ["\(score)"]) }
    }

    private static func add(_ limit: RuntimeSpecification.ResourceLimit, to plan: inout Plan) {
        plan.add(.resourceLimit, [ResourceLimitName.numbers[limit.type] ?? 0, limit.soft, limit.hard])
    }

    static func streams(_ stdio: StandardStreams, _ inherited: InheritedStreams?) -> [UInt64] {
        [stdio.terminal, stdio.openStdin, stdio.stdinOnce, inherited != nil].map { $0 ? 1 : 0 }
    }

    static func addTerminal(
        _ stdio: StandardStreams, user: UInt32, makeConsole: Bool, inherited: InheritedStreams?, to plan: inout Plan
    ) {
        let size = stdio.consoleSize
        let socket = inherited?.consoleSocket.map { plan.index(of: $0) + 1 } ?? 0
        plan.add(.terminal, [UInt64(size?.width ?? 0), UInt64(size?.height ?? 0), makeConsole ? 1 : 0, UInt64(user), socket])
    }

    func add(to plan: inout Plan) throws {
        let arguments = process.args ?? []
        guard let program = arguments.first, !program.isEmpty else { throw GantryError.invalid("no command specified") }
        for text in arguments + (process.env ?? []) + [process.cwd] where text.utf8.contains(0) {
            throw GantryError.invalid("arguments and environment cannot contain a zero byte")
        }
        guard process.cwd.hasPrefix("/") else {
            throw GantryError.invalid("the working directory `\(process.cwd)` is not absolute")
        }
        try SecurityLabel.add(process, modules: SecurityLabel.modules(), to: &plan)
        if !stdio.terminal {
            plan.add(.pipes, [UInt64(process.user.uid)] + (inherited?.standard ?? []).map { plan.index(of: $0) })
        }
        plan.add(.workingDirectory, [], [process.cwd])
        try addPrivileges(to: &plan)
        try HookPlanner.add(hooks, state: state, status: "created", to: &plan)
        if !preserved.isEmpty { plan.add(.preserve, preserved.map { plan.index(of: $0) }) }
        plan.add(.execute, [UInt64(arguments.count)], arguments + (process.env ?? []))
    }

    /// A filter without no_new_privs needs CAP_SYS_ADMIN, so it comes before the last capabilities go; with it, it comes last.
    private func addPrivileges(to plan: inout Plan) throws {
        let user = process.user
        let capabilities = process.capabilities ?? RuntimeSpecification.Capabilities()
        func mask(_ names: [String]?) throws(GantryError) -> UInt64 { try Capability.mask(names ?? []) & availableCapabilities }
        let groups = (user.additionalGids ?? []).map { UInt64($0) }
        if !setsGroups {
            guard groups.isEmpty else {
                throw GantryError.unsupported("`process.user.additionalGids` cannot be set: the user namespace forbids setgroups")
            }
            plan.add(.keepGroups)
        }
        plan.add(
            .identity, [UInt64(user.uid), UInt64(user.gid), UInt64(user.umask ?? 0o022), try mask(capabilities.bounding)] + groups)
        if hold {
            // Whoever has asked for a held process wants to hear now of what is missing.
            if inherited != nil { plan.add(.locate, [], [process.args![0]] + (process.env ?? [])) }
            plan.add(.hold)
        }
        // A filter may forbid to set it.
        if let limit = DescriptorLimit.late(process.rlimits ?? []) { Self.add(limit, to: &plan) }
        let (permitted, inheritable) = (try mask(capabilities.permitted), try mask(capabilities.inheritable))
        // The kernel has no others among the ambient ones. Source: capabilities(7).
        let ambient = try mask(capabilities.ambient) & permitted & inheritable
        let sets = [try mask(capabilities.effective), permitted, inheritable, ambient]
        if process.noNewPrivileges == true {
            plan.add(.noNewPrivileges)
            plan.add(.capabilities, sets)
            try addFilter(to: &plan)
        } else {
            try addFilter(to: &plan)
            plan.add(.capabilities, sets)
        }
    }

    private func addFilter(to plan: inout Plan) throws {
        guard let seccomp else { return }
        let flags = try SeccompInstallation.flags(of: seccomp)
        let filter = try SeccompCompiler.shared.compile(seccomp)
        guard let listener = try SeccompInstallation.listener(of: seccomp) else {
            return plan.add(.seccomp, [flags], bytes: filter)
        }
        guard let state else { throw GantryError.unsupported("SCMP_ACT_NOTIFY is not supported here") }
        let pieces = try state.filterPieces(status: "creating", metadata: seccomp.listenerMetadata)
        plan.add(.seccompNotify, [flags, plan.index(of: listener)], bytes: [filter] + pieces.map { Array($0.utf8) })
    }
}

internal import CLinux
internal import Essentials
internal import LinuxSystem
internal import OCI
internal import ShimProtocol

/// Turns an exec into a plan: enter what the container's first process lives in, then run the program.
package struct ExecPlanner {
    var request: ExecStart
    var stateDirectory: String
    /// pidfd of the container's first process.
    var container: OwnedDescriptor
    /// Directory on v2; ``CgroupHost/entrance(_:)`` of each on v1.
    var cgroupDirectory: String
    var cgroupFiles: [String]

    package func plan() throws -> Plan {
        var plan = Plan()
        plan.add(.stateDirectory, [], [stateDirectory])
        plan.add(.streams, ProcessPlanner.streams(request.stdio, request.inherited))
        let index = plan.index(of: container)
        let available = Capability.available()
        let isPrivileged = available & 1 << 21 != 0
        let affinity = request.process.execCPUAffinity
        if request.hasUserNamespace && !isPrivileged {
            // Without rights on the host, the user namespace gives the right to enter the others that belong to it.
            plan.add(.stage)
            plan.add(.enterNamespace, [index, UInt64(CLONE_NEWUSER)])
            plan.add(.enterNamespace, [index, UInt64(UInt32(bitPattern: try foreign([.pid])))])
        } else {
            plan.add(.enterProcessNamespace, [index])
        }
        plan.add(.fork, [0], [cgroupDirectory])
        if let list = affinity?.initial { try addAffinity(list, "initial", &plan) }
        if !cgroupFiles.isEmpty { plan.add(.enterCgroups, [], cgroupFiles) }
        if let list = affinity?.final { try addAffinity(list, "final", &plan) }
        try ProcessPlanner.addLimits(request.process, to: &plan)
        try ProcessAttributes.add(request.process, to: &plan)
        if let seccomp = request.seccomp, SeccompInstallation.notifies(seccomp) { plan.add(.ownNumber) }
        try addNamespaces(index, isPrivileged, &plan)
        if request.stdio.terminal {
            ProcessPlanner.addTerminal(
                request.stdio, user: request.process.user.uid, makeConsole: false, inherited: request.inherited, to: &plan)
        }
        var process = ProcessPlanner(
            process: request.process, seccomp: request.seccomp, stdio: request.stdio, hold: request.hold,
            inherited: request.inherited, availableCapabilities: request.hasUserNamespace ? .max : available)
        process.state = request.state
        process.preserved = request.preserved
        process.setsGroups = !request.hasUserNamespace || setsGroups
        try process.add(to: &plan)
        return plan
    }

    private func addAffinity(_ list: String, _ name: String, _ plan: inout Plan) throws {
        plan.add(.affinity, [], bytes: try ProcessAttributes.mask(list, field: "process.execCPUAffinity.\(name)"))
    }

    private func addNamespaces(_ index: UInt64, _ isPrivileged: Bool, _ plan: inout Plan) throws {
        let time = request.hasTimeNamespace ? CLONE_NEWTIME : 0
        let usual = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP | time
        guard request.hasUserNamespace else { return plan.add(.enterNamespace, [index, UInt64(usual)]) }
        if isPrivileged {
            // One call, so that the host's rights hold for those that are not the user namespace's.
            plan.add(.enterNamespace, [index, UInt64(usual | CLONE_NEWUSER)])
        } else {
            plan.add(.enterNamespace, [index, UInt64(UInt32(bitPattern: try foreign([.mount, .uts, .ipc, .network, .cgroup])))])
        }
        if !setsGroups { plan.add(.keepGroups) }
        plan.add(.becomeRoot)
    }

    /// The flags of those namespaces that are not ours anyway: who has no rights on the host may not enter the host's again.
    private func foreign(_ kinds: [RuntimeSpecification.Namespace.Kind]) throws -> CInt {
        let names: [RuntimeSpecification.Namespace.Kind: (String, CInt)] = [
            .pid: ("pid", CLONE_NEWPID), .mount: ("mnt", CLONE_NEWNS), .uts: ("uts", CLONE_NEWUTS), .ipc: ("ipc", CLONE_NEWIPC),
            .network: ("net", CLONE_NEWNET), .cgroup: ("cgroup", CLONE_NEWCGROUP),
        ]
        var result: CInt = 0
        for kind in kinds {
            let (name, flag) = names[kind]!
            let theirs = try FileSystem.readLink("/proc/\(request.initProcessID)/ns/\(name)")
            if theirs != (try FileSystem.readLink("/proc/self/ns/\(name)")) { result |= flag }
        }
        return result
    }

    /// Whether the container's user namespace allows setgroups.
    private var setsGroups: Bool {
        (try? FileSystem.readText("/proc/\(request.initProcessID)/setgroups", limit: 16))?.hasPrefix("deny") != true
    }
}

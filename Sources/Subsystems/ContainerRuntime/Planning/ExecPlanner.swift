internal import CLinux
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
        plan.add(.enterProcessNamespace, [index])
        plan.add(.fork, [0], [cgroupDirectory])
        if !cgroupFiles.isEmpty { plan.add(.enterCgroups, [], cgroupFiles) }
        try ProcessPlanner.addLimits(request.process, to: &plan)
        let flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP
        plan.add(.enterNamespace, [index, UInt64(flags)])
        if request.stdio.terminal {
            ProcessPlanner.addTerminal(
                request.stdio, user: request.process.user.uid, makeConsole: false, inherited: request.inherited, to: &plan)
        }
        try ProcessPlanner(
            process: request.process, seccomp: request.seccomp, stdio: request.stdio, hold: request.hold,
            inherited: request.inherited,
            availableCapabilities: Capability.available()
        ).add(to: &plan)
        return plan
    }
}

internal import CLinux
internal import Essentials
internal import LinuxSystem
internal import OCI
internal import ShimProtocol

/// What the daemon does for a container while its child waits at a step `awaitDaemon`: what takes the host's rights, or is to be
/// done outside.
struct DaemonPart: Sendable {
    /// The first number but one of the step.
    enum Kind: UInt64, Sendable { case identity = 1, hooks = 2 }

    var maps: IDMaps?
    var isPrivileged = true
    /// ``CgroupHost/entrance(_:)`` of each group on v1.
    var cgroupFiles: [String] = []
    var limits: [RuntimeSpecification.ResourceLimit] = []
    var outOfMemoryScore: Int?
    var networkDevices: [String: RuntimeSpecification.NetworkDevice] = [:]
    var hooks: RuntimeSpecification.Hooks?
    var state: HookState?

    func perform(_ step: PlanStep, processID: Int32) async throws {
        guard step.operation == .awaitDaemon, step.numbers.count > 1, let kind = Kind(rawValue: step.numbers[1]) else {
            throw GantryError.internal("a shim waits at a step that has no part for the daemon")
        }
        switch kind {
        case .identity:
            try place(processID)
            if let maps { try await maps.write(to: processID, isPrivileged: isPrivileged) }
        case .hooks:
            if !networkDevices.isEmpty { try NetworkDevices.move(networkDevices, to: processID) }
            guard let hooks, let state else { return }
            let runner = HookRunner(state: state)
            try await runner.run(hooks.prestart, point: "prestart", status: "creating", processID: processID)
            try await runner.run(hooks.createRuntime, point: "createRuntime", status: "creating", processID: processID)
        }
    }

    /// Groups and limits before the maps: after these the process has another user, for whom they are harder to set.
    private func place(_ processID: Int32) throws {
        for path in cgroupFiles { try FileSystem.writeControl(path, "\(processID)") }
        for limit in limits {
            // Its name was looked up by the planner.
            let number = ResourceLimitName.numbers[limit.type] ?? 0
            if gantry_set_limit_of(processID, CInt(number), limit.soft, limit.hard) != 0 {
                throw ResourceLimitName.refusal(number, limit.soft, limit.hard, SystemError.last("prlimit", limit.type))
            }
        }
        if let outOfMemoryScore { try FileSystem.writeControl("/proc/\(processID)/oom_score_adj", "\(outOfMemoryScore)") }
    }
}

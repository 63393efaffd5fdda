internal import CLinux
internal import Essentials
internal import OCI
internal import ShimProtocol

/// The attributes of a process that few containers set: words of the specification to numbers of the kernel.
enum ProcessAttributes {
    static func add(_ process: RuntimeSpecification.Process, to plan: inout Plan) throws(GantryError) {
        if let scheduler = process.scheduler { plan.add(.scheduler, try numbers(scheduler)) }
        if let priority = process.ioPriority { plan.add(.ioPriority, [try number(priority)]) }
    }

    static func add(_ linux: RuntimeSpecification.Linux, to plan: inout Plan) throws(GantryError) {
        if let policy = linux.memoryPolicy {
            let (mode, nodes) = try memoryPolicy(policy)
            plan.add(.memoryPolicy, [mode], bytes: nodes)
        }
        if let personality = linux.personality { plan.add(.personality, [try number(personality)]) }
    }

    // MARK: Scheduler and priority

    /// Source: sched(7); OCI runtime-spec, config, Scheduler.
    private static let policies: [String: UInt64] = [
        "SCHED_OTHER": 0, "SCHED_FIFO": 1, "SCHED_RR": 2, "SCHED_BATCH": 3, "SCHED_ISO": 4, "SCHED_IDLE": 5, "SCHED_DEADLINE": 6,
    ]
    private static let schedulerFlags: [String: UInt64] = [
        "SCHED_FLAG_RESET_ON_FORK": 1, "SCHED_FLAG_RECLAIM": 2, "SCHED_FLAG_DL_OVERRUN": 4, "SCHED_FLAG_KEEP_POLICY": 8,
        "SCHED_FLAG_KEEP_PARAMS": 16, "SCHED_FLAG_UTIL_CLAMP_MIN": 32, "SCHED_FLAG_UTIL_CLAMP_MAX": 64,
    ]

    private static func numbers(_ scheduler: RuntimeSpecification.Scheduler) throws(GantryError) -> [UInt64] {
        guard let policy = policies[scheduler.policy] else {
            throw .invalid("`process.scheduler.policy` has the unknown value `\(scheduler.policy)`")
        }
        var flags: UInt64 = 0
        for flag in scheduler.flags ?? [] {
            guard let number = schedulerFlags[flag] else {
                throw .invalid("`process.scheduler.flags` has the unknown value `\(flag)`")
            }
            flags |= number
        }
        let (nice, priority) = (scheduler.nice ?? 0, scheduler.priority ?? 0)
        guard (-20...19).contains(nice) else { throw .invalid("`process.scheduler.nice` must be from -20 to 19, not \(nice)") }
        let isRealtime = policy == 1 || policy == 2
        guard isRealtime ? (1...99).contains(priority) : priority == 0 else {
            throw .invalid("`process.scheduler.priority` \(priority) does not go with \(scheduler.policy)")
        }
        let times = [scheduler.runtime ?? 0, scheduler.deadline ?? 0, scheduler.period ?? 0]
        guard policy == 6 || times.allSatisfy({ $0 == 0 }) else {
            throw .invalid("`process.scheduler.runtime`, `deadline` and `period` need SCHED_DEADLINE")
        }
        return [policy, UInt64(UInt32(bitPattern: nice)), UInt64(priority), flags] + times
    }

    private static func number(_ priority: RuntimeSpecification.IOPriority) throws(GantryError) -> UInt64 {
        let classes: [String: UInt64] = ["IOPRIO_CLASS_RT": 1, "IOPRIO_CLASS_BE": 2, "IOPRIO_CLASS_IDLE": 3]
        guard let number = classes[priority.class] else {
            throw .invalid("`process.ioPriority.class` has the unknown value `\(priority.class)`")
        }
        guard (0...7).contains(priority.priority) else {
            throw .invalid("`process.ioPriority.priority` must be from 0 to 7, not \(priority.priority)")
        }
        return number << 13 | UInt64(priority.priority)
    }

    // MARK: Lists of processors and nodes

    /// A bit for each number of a list such as `0-3,7`, in whole words of eight bytes.
    static func mask(_ list: String, field: String) throws(GantryError) -> [UInt8] {
        var bits: Set<Int> = []
        for part in list.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0.filter { $0 != " " }) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends.last!, first >= 0, first <= last, last < 8192
            else {
                throw .invalid("`\(field)` is not a list such as `0-3,7`: `\(list)`")
            }
            bits.formUnion(first...last)
        }
        var bytes = [UInt8](repeating: 0, count: (bits.max()! / 64 + 1) * 8)
        for bit in bits { bytes[bit / 8] |= 1 << UInt8(bit % 8) }
        return bytes
    }

    private static func memoryPolicy(_ policy: RuntimeSpecification.MemoryPolicy) throws(GantryError) -> (UInt64, [UInt8]) {
        let modes: [String: UInt64] = [
            "MPOL_DEFAULT": 0, "MPOL_PREFERRED": 1, "MPOL_BIND": 2, "MPOL_INTERLEAVE": 3, "MPOL_LOCAL": 4, "MPOL_PREFERRED_MANY": 5,
            "MPOL_WEIGHTED_INTERLEAVE": 6,
        ]
        let flags: [String: UInt64] = [
            "MPOL_F_NUMA_BALANCING": 1 << 13, "MPOL_F_RELATIVE_NODES": 1 << 14, "MPOL_F_STATIC_NODES": 1 << 15,
        ]
        guard var mode = modes[policy.mode] else {
            throw .invalid("`linux.memoryPolicy.mode` has the unknown value `\(policy.mode)`")
        }
        for flag in policy.flags ?? [] {
            guard let number = flags[flag] else { throw .invalid("`linux.memoryPolicy.flags` has the unknown value `\(flag)`") }
            mode |= number
        }
        guard let nodes = policy.nodes, !nodes.isEmpty else { return (mode, []) }
        return (mode, try mask(nodes, field: "linux.memoryPolicy.nodes"))
    }

    // MARK: Personality

    private static func number(_ personality: RuntimeSpecification.Personality) throws(GantryError) -> UInt64 {
        guard (personality.flags ?? []).isEmpty else {
            throw .unsupported("`linux.personality.flags` are not supported: the specification defines none")
        }
        switch personality.domain {
        case "LINUX": return 0
        case "LINUX32": return 8
        default: throw .invalid("`linux.personality.domain` must be LINUX or LINUX32, not `\(personality.domain)`")
        }
    }
}

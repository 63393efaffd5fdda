internal import CLinux
internal import Essentials
internal import LinuxSystem
internal import OCI
internal import ShimProtocol

/// Sorts the namespaces of a specification by how the container gets into each, and writes the steps up to its entered groups.
struct NamespacePlanner {
    private static let flags: [RuntimeSpecification.Namespace.Kind: CInt] = [
        .pid: CLONE_NEWPID, .network: CLONE_NEWNET, .ipc: CLONE_NEWIPC, .uts: CLONE_NEWUTS, .cgroup: CLONE_NEWCGROUP,
        .time: CLONE_NEWTIME, .mount: CLONE_NEWNS, .user: CLONE_NEWUSER,
    ]

    /// CLONE_NEW… of those that the clone makes.
    private(set) var made = UInt64(CLONE_NEWNS)
    /// A group namespace shows the group that its maker is in, so it is made after entering the container's.
    private(set) var unshared: UInt64 = 0
    private(set) var joined: [(OwnedDescriptor, CInt)] = []
    private(set) var process: OwnedDescriptor?
    /// Joined.
    private(set) var user: OwnedDescriptor?
    private(set) var makesUser = false
    private let timeOffsets: String?

    var hasUser: Bool { makesUser || user != nil }

    /// - Throws: ``SystemError`` when one to join cannot be opened; `invalid`.
    init(_ linux: RuntimeSpecification.Linux, network: OwnedDescriptor?, user: OwnedDescriptor? = nil) throws {
        timeOffsets = try Self.timeOffsets(linux)
        self.user = user
        for namespace in linux.namespaces ?? [] {
            guard let flag = Self.flags[namespace.type], !(namespace.type == .network && network != nil) else { continue }
            if let path = namespace.path, !path.isEmpty {
                try join(namespace.type, flag, try OwnedDescriptor.open(path, O_RDONLY))
            } else if namespace.type == .cgroup {
                unshared |= UInt64(flag)
            } else if namespace.type == .user {
                makesUser = true
            } else if !(namespace.type == .time && timeOffsets != nil) {
                made |= UInt64(UInt32(bitPattern: flag))
            }
        }
        if let network { joined.append((network, CLONE_NEWNET)) }
    }

    private mutating func join(
        _ kind: RuntimeSpecification.Namespace.Kind, _ flag: CInt, _ descriptor: OwnedDescriptor
    ) throws {
        switch kind {
        case .pid: process = descriptor
        case .user:
            // The kernel refuses to enter the user namespace that one is in.
            if try !Self.isOwn(descriptor, "user") { user = descriptor }
        case .mount:
            made &= ~UInt64(CLONE_NEWNS)
            joined.append((descriptor, flag))
        default: joined.append((descriptor, flag))
        }
    }

    static func isOwn(_ descriptor: OwnedDescriptor, _ name: String) throws -> Bool {
        let (theirs, ours) = (try descriptor.status(), try OwnedDescriptor.open("/proc/self/ns/\(name)", O_RDONLY).status())
        return theirs.device == ours.device && theirs.inode == ours.inode
    }

    /// The lines for a new time namespace's clocks; nil without.
    private static func timeOffsets(_ linux: RuntimeSpecification.Linux) throws(GantryError) -> String? {
        guard let offsets = linux.timeOffsets, !offsets.isEmpty else { return nil }
        guard (linux.namespaces ?? []).contains(where: { $0.type == .time && ($0.path ?? "").isEmpty }) else {
            throw .invalid("`linux.timeOffsets` needs a new time namespace")
        }
        var lines = ""
        for (clock, offset) in offsets.sorted(by: { $0.key < $1.key }) {
            guard clock == "monotonic" || clock == "boottime" else {
                throw .invalid("`linux.timeOffsets` has the unknown clock `\(clock)`")
            }
            guard offset.nanosecs ?? 0 < 1_000_000_000 else {
                throw .invalid("`linux.timeOffsets.\(clock).nanosecs` must be below 1000000000")
            }
            lines += "\(clock) \(offset.secs ?? 0) \(offset.nanosecs ?? 0)\n"
        }
        return lines
    }

    /// - Parameter daemonWaits: without rights on the host; the process must then be readable to the user's helpers.
    func add(cgroups: CgroupLayout, cgroupPath: String, isPrivileged: Bool, to plan: inout Plan) {
        addStage(isPrivileged: isPrivileged, to: &plan)
        let flags = made | (makesUser ? UInt64(CLONE_NEWUSER) : 0)
        plan.add(.fork, [flags], [cgroups.isUnified ? cgroups.unified! + cgroupPath : ""])
        let files = Self.cgroupFiles(cgroups, cgroupPath)
        if hasUser {
            plan.add(.awaitDaemon, [isPrivileged ? 0 : 1, DaemonPart.Kind.identity.rawValue])
        } else if !files.isEmpty {
            plan.add(.enterCgroups, [], files)
        }
        if unshared != 0 { plan.add(.unshare, [unshared]) }
        // In a user namespace's case the stage has entered all but the place of mounts, which the shim's own steps need.
        for (descriptor, flag) in joined where !hasUser || flag == CLONE_NEWNS {
            plan.add(.enterNamespace, [plan.index(of: descriptor), UInt64(flag)])
        }
    }

    static func cgroupFiles(_ cgroups: CgroupLayout, _ cgroupPath: String) -> [String] {
        cgroups.isUnified ? [] : cgroups.hierarchies.map { CgroupHost.entrance("\($0.mountPoint)\(cgroupPath)") }
    }

    /// What the host's rights are needed for comes before the user namespace is entered; without such rights, it comes after.
    private func addStage(isPrivileged: Bool, to plan: inout Plan) {
        let early = hasUser ? joined.filter { $0.1 != CLONE_NEWNS } : []
        let needsStage = user != nil || timeOffsets != nil || (hasUser && (!early.isEmpty || process != nil))
        guard needsStage else {
            if let process { plan.add(.enterProcessNamespace, [plan.index(of: process)]) }
            return
        }
        plan.add(.stage)
        let enterUser: PlanNumbers? = user.map { [plan.index(of: $0), UInt64(CLONE_NEWUSER)] }
        if let enterUser, !isPrivileged { plan.add(.enterNamespace, enterUser) }
        if let process { plan.add(.enterProcessNamespace, [plan.index(of: process)]) }
        for (descriptor, flag) in early { plan.add(.enterNamespace, [plan.index(of: descriptor), UInt64(flag)]) }
        if let timeOffsets { plan.add(.timeOffsets, [], [timeOffsets]) }
        if let enterUser, isPrivileged { plan.add(.enterNamespace, enterUser) }
    }

    private typealias PlanNumbers = [UInt64]
}

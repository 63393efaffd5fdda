internal import CLinux
internal import Essentials
internal import LinuxSystem
internal import OCI
internal import ShimProtocol

/// Turns a start into a plan. Everything is decided here; the shim has no opinions.
package struct ContainerPlanner {
    var request: ContainerStart
    /// The container's state directory on the host.
    var stateDirectory: String
    var cgroups: CgroupLayout
    /// Below each mount point.
    var cgroupPath: String
    var outOfMemoryFile: String?
    /// What may be handed on.
    var availableCapabilities: UInt64

    package init(
        request: ContainerStart, stateDirectory: String, cgroups: CgroupLayout, cgroupPath: String, outOfMemoryFile: String?,
        availableCapabilities: UInt64 = Capability.available()
    ) {
        self.request = request
        self.stateDirectory = stateDirectory
        self.cgroups = cgroups
        self.cgroupPath = cgroupPath
        self.outOfMemoryFile = outOfMemoryFile
        self.availableCapabilities = availableCapabilities
    }

    private var specification: RuntimeSpecification { request.specification }
    private var linux: RuntimeSpecification.Linux { specification.linux ?? RuntimeSpecification.Linux() }
    var mountPoint: String { "\(stateDirectory)/root" }

    /// - Throws: `invalid` or `unsupported` for what cannot be done, ``SystemError`` when a namespace to join cannot be opened.
    package func plan() throws -> Plan {
        guard let process = specification.process else { throw GantryError.invalid("the specification has no process") }
        if let hooks = specification.hooks, hooks != RuntimeSpecification.Hooks() {
            throw GantryError.unsupported("hooks are not supported")
        }
        var plan = Plan()
        addShim(&plan)
        try addNamespaces(&plan)
        try ProcessPlanner.addLimits(process, to: &plan)
        addRoot(&plan)
        for mount in specification.mounts ?? [] {
            try MountPlanner(mount: mount, cgroups: cgroups, cgroupPath: cgroupPath).add(to: &plan)
        }
        addDevices(&plan)
        try addNames(&plan)
        for path in linux.maskedPaths ?? [] { plan.add(.mask, [], [path]) }
        for path in linux.readonlyPaths ?? [] { plan.add(.readOnly, [], [path]) }
        if process.cwd != "/" { plan.add(.makeDirectory, [], [process.cwd]) }
        if request.stdio.terminal {
            ProcessPlanner.addTerminal(
                request.stdio, user: process.user.uid, makeConsole: hasOwnDevices, inherited: request.inherited, to: &plan)
        }
        if specification.root?.readonly == true { plan.add(.setAttributes, [UInt64(MOUNT_ATTR_RDONLY)], ["/"]) }
        plan.add(.pivotRoot, [isShared ? rootPropagation : 0])
        try ProcessPlanner(
            process: process, seccomp: linux.seccomp, stdio: request.stdio, hold: request.hold, inherited: request.inherited,
            availableCapabilities: availableCapabilities
        ).add(to: &plan)
        return plan
    }

    private func addShim(_ plan: inout Plan) {
        plan.add(.stateDirectory, [], [stateDirectory])
        let stdio = request.stdio
        plan.add(.streams, ProcessPlanner.streams(stdio, request.inherited))
        if let log = request.log { log.add(to: &plan) }
        if let service = request.logService { service.add(to: &plan) }
        if let outOfMemoryFile { plan.add(.outOfMemoryFile, [], [outOfMemoryFile]) }
    }

    // MARK: Namespaces and control groups

    private static let flags: [RuntimeSpecification.Namespace.Kind: CInt] = [
        .pid: CLONE_NEWPID, .network: CLONE_NEWNET, .ipc: CLONE_NEWIPC, .uts: CLONE_NEWUTS, .cgroup: CLONE_NEWCGROUP,
        .time: CLONE_NEWTIME,
    ]

    private func addNamespaces(_ plan: inout Plan) throws {
        var cloneFlags = UInt64(CLONE_NEWNS)
        var joined: [(OwnedDescriptor, CInt)] = []
        var processNamespace: OwnedDescriptor?
        var unshared: UInt64 = 0
        for namespace in linux.namespaces ?? [] {
            if namespace.type == .user { throw GantryError.unsupported("user namespaces are not supported yet") }
            guard let flag = Self.flags[namespace.type], !(namespace.type == .network && request.networkNamespace != nil) else {
                continue
            }
            if let path = namespace.path, !path.isEmpty {
                let descriptor = try OwnedDescriptor.open(path, O_RDONLY)
                if namespace.type == .pid { processNamespace = descriptor } else { joined.append((descriptor, flag)) }
            } else if namespace.type == .cgroup {
                // A group namespace shows the group that its maker is in, so it is made after entering the container's.
                unshared |= UInt64(flag)
            } else {
                cloneFlags |= UInt64(UInt32(bitPattern: flag))
            }
        }
        if let network = request.networkNamespace { joined.append((network, CLONE_NEWNET)) }
        if let processNamespace { plan.add(.enterProcessNamespace, [plan.index(of: processNamespace)]) }
        plan.add(.fork, [cloneFlags], [cgroups.isUnified ? cgroups.unified! + cgroupPath : ""])
        if !cgroups.isUnified {
            plan.add(.enterCgroups, [], cgroups.hierarchies.map { "\($0.mountPoint)\(cgroupPath)/cgroup.procs" })
        }
        if unshared != 0 { plan.add(.unshare, [unshared]) }
        for (descriptor, flag) in joined { plan.add(.enterNamespace, [plan.index(of: descriptor), UInt64(flag)]) }
    }

    // MARK: Root

    private var rootPropagation: UInt64 {
        linux.rootfsPropagation.flatMap { MountOptions.propagation(named: $0) } ?? UInt64(MS_REC | MS_SLAVE)
    }

    private var isShared: Bool { rootPropagation & UInt64(MS_SHARED) != 0 }

    private func addRoot(_ plan: inout Plan) {
        plan.add(.propagation, [isShared ? UInt64(MS_REC | MS_SHARED) : rootPropagation | UInt64(MS_REC)])
        switch request.root {
        case .tree(let tree): plan.add(.rootTree, [plan.index(of: tree), isShared ? 1 : 0], [mountPoint])
        case .directory(let path): plan.add(.rootBind, [0, isShared ? 1 : 0], [mountPoint, path])
        }
    }

    /// False when `/dev` is the host's or nothing is mounted there.
    private var hasOwnDevices: Bool {
        (specification.mounts ?? []).contains { MountPlanner.clean($0.destination) == "/dev" && $0.type == "tmpfs" }
    }

    private func addDevices(_ plan: inout Plan) {
        guard hasOwnDevices else { return }
        var paths: Set<String> = []
        for device in (linux.devices ?? []) + DefaultSpecification.devices where paths.insert(device.path).inserted {
            let type: CInt = device.type == "b" ? S_IFBLK : device.type == "p" ? S_IFIFO : S_IFCHR
            plan.add(
                .device,
                [
                    UInt64(UInt32(type) | (device.fileMode ?? 0o666) & 0o7777), UInt64(device.major ?? 0),
                    UInt64(device.minor ?? 0),
                    UInt64(device.uid ?? 0), UInt64(device.gid ?? 0),
                ], [device.path, device.path])
        }
        for (target, path) in [
            ("/proc/self/fd", "/dev/fd"), ("/proc/self/fd/0", "/dev/stdin"), ("/proc/self/fd/1", "/dev/stdout"),
            ("/proc/self/fd/2", "/dev/stderr"), ("pts/ptmx", "/dev/ptmx"),
        ] {
            plan.add(.symbolicLink, [], [target, path])
        }
    }

    private func addNames(_ plan: inout Plan) throws {
        let hasOwnNames = (linux.namespaces ?? []).contains { $0.type == .uts }
        if let name = specification.hostname, !name.isEmpty {
            guard hasOwnNames else { throw GantryError.invalid("a host name needs a uts namespace of the container's own") }
            plan.add(.hostName, [], [name])
        }
        if let name = specification.domainname, !name.isEmpty {
            guard hasOwnNames else { throw GantryError.invalid("a domain name needs a uts namespace of the container's own") }
            plan.add(.domainName, [], [name])
        }
        for (name, value) in (linux.sysctl ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard !value.contains("\n"), !name.split(separator: ".").contains(where: { $0.isEmpty || $0.contains("..") }) else {
                throw GantryError.invalid("invalid sysctl `\(name)`")
            }
            plan.add(.sysctl, [], [name.contains("/") ? name : name.split(separator: ".").joined(separator: "/"), value])
        }
    }
}

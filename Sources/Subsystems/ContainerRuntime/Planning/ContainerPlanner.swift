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
        try SpecificationCheck.check(specification, hasNetwork: request.networkNamespace != nil)
        let process = specification.process!
        let namespaces = try NamespacePlanner(linux, network: request.networkNamespace, user: request.userNamespace)
        let user = try UserNamespacePlanner(
            linux: linux, process: process, namespaces: namespaces, availableCapabilities: availableCapabilities)
        var plan = Plan()
        addShim(&plan)
        namespaces.add(cgroups: cgroups, cgroupPath: cgroupPath, isPrivileged: user.isPrivileged, to: &plan)
        if needsOwnNumber { plan.add(.ownNumber) }
        if namespaces.hasUser {
            plan.daemonPart = user.part(cgroupFiles: NamespacePlanner.cgroupFiles(cgroups, cgroupPath))
        } else {
            try ProcessPlanner.addLimits(process, to: &plan)
        }
        try ProcessAttributes.add(process, to: &plan)
        try ProcessAttributes.add(linux, to: &plan)
        try addRoot(&plan, user)
        if namespaces.hasUser { user.addBecomeRoot(to: &plan) }
        try addContent(&plan, user)
        try addOutsideWork(&plan)
        plan.add(.pivotRoot, [finalPropagation] + (request.movesRoot ? [1] : []))
        if request.newKeyring { plan.add(.keyring, [], ["_ses.\(request.id)"]) }
        var processPlanner = ProcessPlanner(
            process: process, seccomp: linux.seccomp, stdio: request.stdio, hold: request.hold, inherited: request.inherited,
            availableCapabilities: namespaces.hasUser ? .max : availableCapabilities)
        processPlanner.hooks = specification.hooks?.startContainer ?? []
        processPlanner.state = state
        processPlanner.setsGroups = user.setsGroups
        processPlanner.preserved = request.preserved
        try processPlanner.add(to: &plan)
        return plan
    }

    private var state: HookState { HookState(specification: specification, id: request.id, bundle: request.bundle) }

    /// Hooks inside and a filter's listener are told the number.
    private var needsOwnNumber: Bool {
        !(specification.hooks?.createContainer ?? []).isEmpty || !(specification.hooks?.startContainer ?? []).isEmpty
            || linux.seccomp.map { SeccompInstallation.notifies($0) } == true
    }

    /// What is mounted and made in the root.
    private func addContent(_ plan: inout Plan, _ user: UserNamespacePlanner) throws {
        let process = specification.process!
        let mounts = specification.mounts ?? []
        var closedLater: [String] = []
        for (index, mount) in mounts.enumerated() {
            var mount = mount
            if Self.isWrittenTo(mount, by: mounts[(index + 1)...]) {
                mount.options?.removeAll { $0 == "ro" }
                closedLater.append(MountPlanner.clean(mount.destination))
            }
            try MountPlanner(
                mount: mount, cgroups: cgroups, cgroupPath: cgroupPath, hostMounts: user.hostMounts, label: linux.mountLabel ?? "",
                tree: request.trees[mount.destination]
            ).add(to: &plan)
        }
        for target in closedLater { plan.add(.setAttributes, [UInt64(MOUNT_ATTR_RDONLY)], [target]) }
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
    }

    /// A new, empty file system that is to be read-only, where places are still to be made for mounts inside it.
    private static func isWrittenTo(_ mount: RuntimeSpecification.Mount, by later: ArraySlice<RuntimeSpecification.Mount>) -> Bool {
        guard mount.type == "tmpfs", mount.options?.last(where: { $0 == "ro" || $0 == "rw" }) == "ro" else { return false }
        let target = MountPlanner.clean(mount.destination)
        return later.contains { MountPlanner.clean($0.destination).hasPrefix(target + "/") }
    }

    /// All namespaces and mounts are there and the host is still in sight: the place of devices that move in and of three hooks.
    private func addOutsideWork(_ plan: inout Plan) throws {
        let devices = linux.netDevices ?? [:]
        if specification.hooks?.hasRuntimeHooks == true || !devices.isEmpty {
            plan.add(.awaitDaemon, [0, DaemonPart.Kind.hooks.rawValue])
            var part = plan.daemonPart ?? DaemonPart()
            part.networkDevices = devices
            part.hooks = specification.hooks
            part.state = state
            plan.daemonPart = part
        }
        try HookPlanner.add(specification.hooks?.createContainer ?? [], state: state, status: "creating", to: &plan)
    }

    private func addShim(_ plan: inout Plan) {
        plan.add(.stateDirectory, [], [stateDirectory])
        let stdio = request.stdio
        plan.add(.streams, ProcessPlanner.streams(stdio, request.inherited))
        if let log = request.log { log.add(to: &plan) }
        if let service = request.logService { service.add(to: &plan) }
        if let outOfMemoryFile { plan.add(.outOfMemoryFile, [], [outOfMemoryFile]) }
    }

    // MARK: Root

    private var rootPropagation: UInt64 {
        linux.rootfsPropagation.flatMap { MountOptions.propagation(named: $0) } ?? UInt64(MS_REC | MS_SLAVE)
    }

    private var isShared: Bool { rootPropagation & UInt64(MS_SHARED) != 0 }

    /// Of the container's `/`, once it is that. What was cut off from the host before need not be again.
    private var finalPropagation: UInt64 { rootPropagation & UInt64(MS_SHARED | MS_UNBINDABLE) != 0 ? rootPropagation : 0 }

    private func addRoot(_ plan: inout Plan, _ user: UserNamespacePlanner) throws {
        // An unbindable tree could not be bound; the new root becomes that at the end.
        let before =
            isShared ? UInt64(MS_SHARED) : rootPropagation & UInt64(MS_UNBINDABLE) != 0 ? UInt64(MS_PRIVATE) : rootPropagation
        plan.add(.propagation, [before | UInt64(MS_REC)])
        // Hooks look for the root where the specification says that it is.
        let hooks = specification.hooks
        let isSought = hooks?.hasRuntimeHooks == true || !(hooks?.createContainer ?? []).isEmpty
        switch request.root {
        case .tree(let tree): plan.add(.rootTree, [plan.index(of: tree), isShared ? 1 : 0], [mountPoint])
        case .directory(let path):
            let place = isSought ? path : mountPoint
            if let tree = try user.rootTree(path) {
                plan.add(.rootTree, [plan.index(of: tree), isShared ? 1 : 0], [place])
            } else {
                plan.add(.rootBind, [0, isShared ? 1 : 0], [place, path])
            }
        }
    }

    /// False when `/dev` is the host's or nothing is mounted there.
    private var hasOwnDevices: Bool {
        (specification.mounts ?? []).contains { MountPlanner.clean($0.destination) == "/dev" && $0.type == "tmpfs" }
    }

    private var bindsDevices: Bool {
        (specification.mounts ?? []).contains { mount in
            MountPlanner.clean(mount.destination) == "/dev"
                && (mount.type == "bind" || (mount.options ?? []).contains { $0 == "bind" || $0 == "rbind" })
        }
    }

    private func addDevices(_ plan: inout Plan) {
        // A bound /dev is somebody else's: nothing is made there.
        guard hasOwnDevices || !(linux.devices ?? []).isEmpty, !bindsDevices else { return }
        var paths: Set<String> = []
        let standard = hasOwnDevices ? DefaultSpecification.devices : []
        for device in (linux.devices ?? []) + standard where paths.insert(device.path).inserted {
            let type: CInt = device.type == "b" ? S_IFBLK : device.type == "p" ? S_IFIFO : S_IFCHR
            plan.add(
                .device,
                [
                    UInt64(UInt32(type) | (device.fileMode ?? 0o666) & 0o7777), UInt64(device.major ?? 0),
                    UInt64(device.minor ?? 0),
                    UInt64(device.uid ?? 0), UInt64(device.gid ?? 0),
                ], [device.path, device.path])
        }
        guard hasOwnDevices else { return }
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
            guard !value.contains("\n") else {
                throw GantryError.invalid("`linux.sysctl` has an invalid value for `\(name)`")
            }
            plan.add(.sysctl, [], [name.contains("/") ? name : name.split(separator: ".").joined(separator: "/"), value])
        }
    }
}

internal import Essentials
internal import LinuxSystem
internal import OCI
internal import ShimProtocol

/// Turns a start or an exec into the shim's plan when another runtime does the work: the specification is written down as it is, with
/// paths for what our own plan hands over as descriptors. `docs/design/006-other-runtimes.md` has the reasons.
struct OtherRuntimePlanner {
    let runtime: OtherRuntime
    /// Of the container; it is the bundle, too.
    let stateDirectory: String

    private var places: OwnPlaces { OwnPlaces(stateDirectory: stateDirectory) }

    // MARK: Start

    /// Below each mount point; for systemd the specification's own words stay.
    func specification(_ request: ContainerStart, cgroupPath: String) -> RuntimeSpecification {
        var result = request.specification
        // Nothing in it is newer, and runtimes refuse versions that are newer than they themselves.
        result.ociVersion = "1.0.2"
        result.root = RuntimeSpecification.Root(path: places.root, readonly: result.root?.readonly)
        for (index, destination) in request.trees.keys.sorted().enumerated() {
            guard let at = result.mounts?.firstIndex(where: { $0.destination == destination }) else { continue }
            result.mounts?[at].source = places.tree(index)
        }
        result.mounts = result.mounts?.map(Self.adapted)
        result.process?.terminal = request.stdio.terminal
        result.process?.consoleSize = request.stdio.consoleSize
        var linux = result.linux ?? RuntimeSpecification.Linux()
        if !runtime.usesSystemd { linux.cgroupsPath = cgroupPath }
        // Without a limit is what a new group is; not every runtime has a word for it.
        if let limit = linux.resources?.pids?.limit, limit <= 0 { linux.resources?.pids = nil }
        if request.networkNamespace != nil { join(.network, "netns", &linux) }
        if request.userNamespace != nil {
            join(.user, "userns", &linux)
            // Not every runtime asks the namespace for them; those that do compare.
            linux.uidMappings = request.idMappings?.users
            linux.gidMappings = request.idMappings?.groups
        }
        result.linux = linux
        return result
    }

    private func join(_ kind: RuntimeSpecification.Namespace.Kind, _ place: String, _ linux: inout RuntimeSpecification.Linux) {
        linux.namespaces = (linux.namespaces ?? []).filter { $0.type != kind }
        linux.namespaces?.append(RuntimeSpecification.Namespace(kind, path: places.namespace(place)))
    }

    /// Makes what the plan mounts on, writes the bundle, and plans.
    func plan(_ request: ContainerStart, cgroupPath: String, outOfMemoryFile: String?) throws -> Plan {
        guard case .tree(let root) = request.root else {
            throw GantryError.internal("another runtime was given a root by its path")
        }
        var plan = beginning(request.stdio, stateDirectory)
        if let log = request.log { log.add(to: &plan) }
        if let service = request.logService { service.add(to: &plan) }
        if let outOfMemoryFile { plan.add(.outOfMemoryFile, [], [outOfMemoryFile]) }
        plan.add(.ownMounts, [], [try OwnPlaces.mountPoint(above: stateDirectory)])
        plan.add(.placeTree, [plan.index(of: root)], [places.root])
        for (index, entry) in request.trees.sorted(by: { $0.key < $1.key }).enumerated() {
            try places.make(places.tree(index), isDirectory: try entry.value.status().kind == .directory)
            plan.add(.placeTree, [plan.index(of: entry.value)], [places.tree(index)])
        }
        for (namespace, place) in [(request.networkNamespace, "netns"), (request.userNamespace, "userns")] {
            guard let namespace else { continue }
            try places.make(places.namespace(place), isDirectory: false)
            plan.add(.placeNamespace, [plan.index(of: namespace)], [places.namespace(place)])
        }
        let specification = specification(request, cgroupPath: cgroupPath)
        if specification.root?.readonly == true {
            // Of a root with mapped ids only the container's own root can make anything in it.
            try FileOwner.run(
                user: Self.rootID(request.idMappings?.users), group: Self.rootID(request.idMappings?.groups)
            ) { try Self.makeMountPoints(specification.mounts ?? [], in: root) }
        }
        try FileSystem.replace("\(stateDirectory)/config.json", with: try OtherRuntime.json(specification), mode: 0o600)
        let base = runtime.command(stateDirectory: stateDirectory, log: "\(stateDirectory)/runtime.log")
        let create = base + ["create", "--bundle", stateDirectory] + Self.handover(request.stdio, stateDirectory) + [request.id]
        add(create, base + ["start", request.id], request.stdio, holds: request.hold, to: &plan)
        return plan
    }

    // MARK: Exec

    /// - Parameter directory: the exec's own.
    func plan(_ request: ExecStart, directory: String) throws -> Plan {
        var process = request.process
        process.terminal = request.stdio.terminal
        process.consoleSize = request.stdio.consoleSize
        try FileSystem.replace("\(directory)/process.json", with: try OtherRuntime.json(process), mode: 0o600)
        var plan = beginning(request.stdio, directory)
        let exec =
            runtime.command(stateDirectory: stateDirectory, log: "\(directory)/runtime.log")
            + ["exec", "--detach", "--process", "\(directory)/process.json"] + Self.handover(request.stdio, directory) + [
                request.id
            ]
        add([], exec, request.stdio, holds: request.hold, to: &plan)
        return plan
    }

    // MARK: Parts

    private func beginning(_ stdio: StandardStreams, _ directory: String) -> Plan {
        var plan = Plan()
        plan.add(.stateDirectory, [], [directory])
        plan.add(.streams, ProcessPlanner.streams(stdio, nil))
        return plan
    }

    private func add(_ create: [String], _ start: [String], _ stdio: StandardStreams, holds: Bool, to plan: inout Plan) {
        let size = stdio.consoleSize
        plan.add(
            .runtime,
            [
                holds ? 1 : 0, UInt64(size?.width ?? 0), UInt64(size?.height ?? 0), UInt64(create.count), UInt64(start.count),
            ], create + start + HostProgram.environment)
    }

    /// The names that the shim knows. The socket's is relative to the shim's working directory, which is the bundle: a whole path may be
    /// longer than an address can be.
    private static func handover(_ stdio: StandardStreams, _ directory: String) -> [String] {
        ["--pid-file", "\(directory)/runtime.pid"] + (stdio.terminal ? ["--console-socket", "console.sock"] : [])
    }

    /// Nothing is mounted below a file, and not every runtime can look for it there.
    private static func adapted(_ mount: RuntimeSpecification.Mount) -> RuntimeSpecification.Mount {
        guard mount.options?.contains("rro") == true, !isDirectory(mount.source) else { return mount }
        var result = mount
        result.options = mount.options?.map { $0 == "rro" ? "ro" : $0 }
        return result
    }

    private static func isDirectory(_ path: String?) -> Bool { (try? FileStatus(path ?? "", follow: true).kind) == .directory }

    /// On the host.
    private static func rootID(_ map: [RuntimeSpecification.IDMapping]?) -> UInt32 {
        map?.first { $0.containerID == 0 }?.hostID ?? 0
    }

    /// Not every runtime makes them in a root that is to be read-only. Those inside of other mounts are not the root's.
    private static func makeMountPoints(_ mounts: [RuntimeSpecification.Mount], in root: OwnedDescriptor) throws {
        var done: [String] = []
        for mount in mounts {
            let destination = MountPlanner.clean(mount.destination)
            defer { done.append(destination) }
            guard !done.contains(where: { destination == $0 || destination.hasPrefix($0 + "/") }) else { continue }
            try root.makeMountPoint(destination, isDirectory: mount.type != "bind" || isDirectory(mount.source))
        }
    }
}

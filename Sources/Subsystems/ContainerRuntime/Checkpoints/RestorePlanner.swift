internal import CLinux
internal import Essentials
internal import LinuxSystem
internal import OCI
internal import ShimProtocol

/// Turns a start from a checkpoint into the shim's plan. criu makes the container in our stead; what comes from outside lies in
/// mounts of the shim's own, where criu finds it by path.
struct RestorePlanner {
    let criu: Criu
    let request: ContainerStart
    let restore: RestoreRequest
    let note: CheckpointNote
    let stateDirectory: String
    let cgroups: CgroupLayout
    var outOfMemoryFile: String?

    /// Descriptors from here on are the container's streams; 0, 1 and 2 stay the shim's own, for criu writes to them.
    private static let firstStream: UInt64 = 3

    private var specification: RuntimeSpecification { request.specification }

    /// - Throws: `invalid` when the container no longer has what the checkpoint needs.
    func plan() throws -> Plan {
        let hooks = specification.hooks
        guard hooks?.hasRuntimeHooks != true, (hooks?.createContainer ?? []).isEmpty, (hooks?.startContainer ?? []).isEmpty else {
            throw GantryError.unsupported("hooks that come before the program cannot be run at a restore")
        }
        let places = OwnPlaces(stateDirectory: stateDirectory)
        var plan = Plan()
        plan.add(.stateDirectory, [], [stateDirectory])
        plan.add(.streams, ProcessPlanner.streams(request.stdio, request.inherited))
        if let log = request.log { log.add(to: &plan) }
        if let service = request.logService { service.add(to: &plan) }
        if let outOfMemoryFile { plan.add(.outOfMemoryFile, [], [outOfMemoryFile]) }
        plan.add(.ownMounts, [], [try OwnPlaces.mountPoint(above: stateDirectory)])
        plan.add(.placeTree, [plan.index(of: try root())], [places.root])
        var arguments = try addMounts(places, to: &plan)
        var handed: [UInt64] = []
        if let inherited = request.inherited { handed = inherited.standard.map { plan.index(of: $0) } }
        for (number, stream) in note.streams.enumerated() where !stream.isEmpty {
            arguments += ["--inherit-fd", "fd[\(Int(Self.firstStream) + number)]:\(stream)"]
        }
        if let network = note.network {
            guard let namespace = try networkNamespace() else {
                throw GantryError.invalid("the checkpoint is of a container with a network namespace, which this one has not")
            }
            handed.append(plan.index(of: namespace))
            arguments += ["--inherit-fd", "fd[\(Self.firstStream + 3)]:\(network)"]
        }
        add(arguments, handed, places, to: &plan)
        return plan
    }

    private func add(_ arguments: [String], _ handed: [UInt64], _ places: OwnPlaces, to plan: inout Plan) {
        let command =
            [
                criu.path, "restore", "--images-dir", restore.directory, "--work-dir", restore.workDirectory ?? stateDirectory,
                "--log-file", Self.log, "--root", places.root, "--pidfile", "\(stateDirectory)/runtime.pid",
                // A child of the shim's from its birth: it would die with criu otherwise.
                "--restore-detached", "--restore-sibling",
            ] + restore.options.arguments + arguments
        plan.add(
            .runtime, [request.hold ? 1 : 0, 0, 0, 0, UInt64(command.count), Self.firstStream] + handed,
            command + HostProgram.environment)
    }

    // MARK: What comes from outside

    /// As the other mounts with the attributes that it is to have.
    private func root() throws -> OwnedDescriptor {
        let tree =
            switch request.root {
            case .tree(let tree): tree
            case .directory(let path): try HostMounts.clone(path, recursive: true, isolated: true)
            }
        if specification.root?.readonly == true { try Self.change(tree, MountOptions(["ro"]).attributes, recursive: false) }
        return tree
    }

    /// As the specification has it: one that is given, or one by path.
    private func networkNamespace() throws -> OwnedDescriptor? {
        if let given = request.networkNamespace { return given }
        let path = specification.linux?.namespaces?.first { $0.type == .network }?.path
        return try path.map { try OwnedDescriptor.open($0, O_RDONLY) }
    }

    /// - Returns: arguments that say what each mount from outside shows now.
    private func addMounts(_ places: OwnPlaces, to plan: inout Plan) throws -> [String] {
        var arguments: [String] = []
        var placed: [String: String] = [:]
        let masked = Set((specification.linux?.maskedPaths ?? []).map(MountPlanner.clean))
        for point in note.mounts {
            let path: String
            if let mount = bind(above: point) {
                let destination = MountPlanner.clean(mount.destination)
                if placed[destination] == nil {
                    placed[destination] = try place(tree(mount), places, placed.count, to: &plan)
                }
                path = placed[destination]! + point.dropFirst(destination.count)
            } else if let group = try cgroup(at: point) {
                path = try place(group, places, placed.count, to: &plan)
                placed[point] = path
            } else if masked.contains(point) {
                if placed["null"] == nil { placed["null"] = try place(Self.nullDevice(), places, placed.count, to: &plan) }
                path = placed["null"]!
            } else {
                throw GantryError.invalid("the checkpoint has a mount on `\(point)`, which the container has no longer")
            }
            arguments += ["--external", "mnt[\(point)]:\(path)"]
        }
        return arguments
    }

    /// The innermost bind that a mount point is or lies in.
    private func bind(above point: String) -> RuntimeSpecification.Mount? {
        (specification.mounts ?? []).filter { mount in
            let destination = MountPlanner.clean(mount.destination)
            let options = MountOptions(mount.options ?? [])
            return (mount.type == "bind" || options.isBind) && (point == destination || point.hasPrefix("\(destination)/"))
        }.max { $0.destination.utf8.count < $1.destination.utf8.count }
    }

    /// The container's own group of a version 1 hierarchy, as `MountPlanner` shows it; nil for a mount point of anything else.
    private func cgroup(at point: String) throws -> OwnedDescriptor? {
        guard
            let mount = specification.mounts?.first(where: {
                $0.type == "cgroup" && point.hasPrefix("\(MountPlanner.clean($0.destination))/")
            }), let hierarchy = cgroups.hierarchies.first(where: { point.hasSuffix("/\($0.name)") })
        else { return nil }
        let tree = try HostMounts.clone(hierarchy.mountPoint + note.cgroupPath, recursive: false, isolated: true)
        try Self.change(tree, MountOptions(mount.options ?? []).attributes, recursive: false)
        return tree
    }

    /// With the attributes that the mount is to have: criu takes them from here.
    private func tree(_ mount: RuntimeSpecification.Mount) throws -> OwnedDescriptor {
        let options = MountOptions(mount.options ?? [])
        let tree =
            try request.trees[mount.destination]
            ?? HostMounts.clone(
                mount.source ?? "", recursive: options.isRecursiveBind,
                isolated: options.propagation & UInt64(MS_SHARED | MS_SLAVE) == 0)
        try Self.change(tree, options.attributes, recursive: false)
        try Self.change(tree, options.recursive, recursive: true)
        return tree
    }

    private static func change(_ tree: OwnedDescriptor, _ attributes: MountOptions.Attributes, recursive: Bool) throws {
        guard attributes.set != 0 || attributes.clear != 0 else { return }
        let flags = UInt32(AT_EMPTY_PATH) | (recursive ? UInt32(AT_RECURSIVE) : 0)
        try check("mount_setattr") {
            gantry_mount_setattr(tree.raw, "", flags, attributes.set, attributes.kernelClear & ~MountOptions.readOnly, 0, 0)
        }
    }

    /// As masked files are covered; see the shim's `nullDeviceMount`.
    private static func nullDevice() throws -> OwnedDescriptor {
        let tree = try HostMounts.clone("/dev/null", recursive: false, isolated: true)
        let status = try tree.status()
        guard status.kind == .characterDevice else { throw SystemError("open_tree", "/dev/null", errno: ENODEV) }
        try change(tree, MountOptions(["ro", "nosuid", "noexec"]).attributes, recursive: false)
        return tree
    }

    private func place(_ tree: OwnedDescriptor, _ places: OwnPlaces, _ index: Int, to plan: inout Plan) throws -> String {
        let path = places.tree(index)
        try places.make(path, isDirectory: try tree.status().kind == .directory)
        plan.add(.placeTree, [plan.index(of: tree)], [path])
        return path
    }
}

extension RestorePlanner {
    static let log = "restore.log"

    /// What criu said of a restore that failed.
    static func failure(_ words: [String]) -> GantryError {
        let directory = words.firstIndex(of: "--work-dir").flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil } ?? ""
        let text = (try? FileSystem.readText("\(directory)/\(log)")) ?? ""
        return .unavailable("the checkpoint cannot be restored: criu: \(Criu.reason(in: text))")
    }
}

import CLinux
import ContainerRuntime
import Essentials
import Images
import LinuxSystem
import Logging
import Networks
import OCI
import Volumes

/// Everything a run needs before the shim is started, and how it is taken down again.
struct ContainerPreparation {
    var specification: RuntimeSpecification
    var root: RootFileSystem
    /// See `ContainerStart.trees`.
    var trees: [String: OwnedDescriptor]
    /// nil: the host's.
    var namespace: OwnedDescriptor?
    /// nil: the host's.
    var userNamespace: OwnedDescriptor?
    var stdio: StandardStreams
    var log: LogFile?
    var logService: LogService?
    var ports: [String: [PublishedPort]]

    static func make(for record: ContainerRecord, context: EngineContext) async throws -> ContainerPreparation {
        guard let snapshot = try context.imageStore.snapshot(id: record.id) else {
            throw GantryError.internal("container \(record.id) has no file system")
        }
        guard record.program.first?.isEmpty == false else { throw ProcessStartError.emptyProgram }
        let links = try await ContainerLinks.resolve(record, context: context)
        do {
            let remapped = try await RemappedRun.make(for: record, context: context)
            async let root = BlockingWork.run {
                if InitProgram.isUsed(by: record, context.configuration) {
                    try InitProgram.prepare(context.configuration, runtime: context.runtime)
                }
                return try RootPreparation(
                    record: record, context: context, snapshot: snapshot, ids: remapped?.ids
                ).run()
            }
            async let groups: Void = BlockingWork.run {
                // Another runtime makes its own.
                guard try RuntimeChoice.runtime(record.settings.host.runtime, context.configuration) == nil else { return }
                try context.runtime.prepare(
                    container: record.id, cgroupsPath: SpecificationBuilder.cgroupsPath(record, context))
            }
            let network = try await NetworkAttacher(record: record, context: context, ownNamespace: remapped?.network).attach()
            try await ContainerFiles(record: record, context: context, links: links).write(endpoints: network.endpoints)
            let sandbox = try await root
            try await groups
            let shared = try await SharedNamespaces.find(record.settings, context: context)
            var trees = sandbox.trees
            if let remapped { try ContainerFiles.addTrees(record, context, remapped.ids, to: &trees) }
            if let memory = shared.memory, !sandbox.binds.contains(where: { $0.destination == "/dev/shm" }) {
                trees["/dev/shm"] = memory
            }
            let settings = record.settings
            let log = try ContainerLog(record, configuration: context.configuration)
            return ContainerPreparation(
                specification: try SpecificationBuilder(
                    record: record, context: context, identity: sandbox.identity, binds: sandbox.binds, shared: shared,
                    hasNetworkNamespace: network.namespace != nil, linkEnvironment: links.environment, ids: remapped?.ids
                ).build(),
                root: .tree(sandbox.root),
                trees: trees,
                namespace: network.namespace,
                userNamespace: remapped?.ids.namespace,
                stdio: StandardStreams(
                    terminal: settings.terminal,
                    consoleSize: settings.host.consoleSize.map {
                        RuntimeSpecification.ConsoleSize(height: $0.rows, width: $0.columns)
                    },
                    openStdin: settings.openStdin, stdinOnce: settings.stdinOnce),
                log: try log.file(),
                logService: log.hasService ? try await BlockingWork.run { try log.service() } : nil,
                ports: network.ports)
        } catch {
            await undo(record, context: context)
            do { try context.runtime.forgetLeftovers(container: record.id) } catch {
                context.logger.warning("leftovers of a start stay", metadata: ["container": "\(record.id)", "error": "\(error)"])
            }
            throw error
        }
    }

    /// Takes down what a run had; called after its end and after a failed start. What fails is logged, not thrown.
    static func undo(_ record: ContainerRecord, context: EngineContext) async {
        await context.networks.detachAll(container: record.id)
        var running: Set<String> = []
        for container in context.allContainers where container.id != record.id {
            if await container.record.phase.processID != nil { running.insert(container.id) }
        }
        for mount in record.mounts where mount.kind == .volume {
            do { try context.volumes.release(mount.source, running: running) } catch {
                context.logger.warning("volume stays mounted", metadata: ["volume": "\(mount.source)", "error": "\(error)"])
            }
        }
    }
}

/// `/etc/hosts`, `/etc/hostname` and `/etc/resolv.conf` of a container, as files of ours that are bound into it.
struct ContainerFiles {
    let record: ContainerRecord
    let context: EngineContext
    let links: ContainerLinks

    func write(endpoints: [Endpoint]) async throws {
        let directory = context.configuration.containerDirectory(record.id)
        let settings = record.settings
        let host = NetworkPlan.mode(settings) == .host
        try FileSystem.replace("\(directory)/hostname", with: settings.hostname + "\n")
        let resolver = await context.networks.hostResolverFile()
        let resolverText: String
        if host, settings.host.dns.isEmpty, settings.host.dnsSearch.isEmpty, settings.host.dnsOptions.isEmpty {
            resolverText = (try? FileSystem.readText("/etc/resolv.conf", limit: 1 << 20)) ?? ""
        } else if endpoints.contains(where: { $0.networkName != "bridge" }) {
            resolverText = resolver.textForEmbeddedResolver(
                servers: settings.host.dns, search: settings.host.dnsSearch, options: settings.host.dnsOptions)
        } else {
            resolverText = resolver.textForDefaultBridge(
                servers: settings.host.dns, search: settings.host.dnsSearch, options: settings.host.dnsOptions)
        }
        try FileSystem.replace("\(directory)/resolv.conf", with: resolverText)
        if host {
            try FileSystem.replace("\(directory)/hosts", with: (try? FileSystem.readText("/etc/hosts", limit: 1 << 20)) ?? "")
        } else {
            let addresses = endpoints.flatMap { [$0.ipv4Address, $0.ipv6Address] }.filter { !$0.isEmpty }
            try FileSystem.replace(
                "\(directory)/hosts",
                with: HostsFile.text(
                    hostname: settings.hostname, domainName: settings.domainName, addresses: addresses,
                    extra: try await extraHosts()))
        }
        try await shareNetworkFiles()
    }

    /// The container's root owns them, whoever that is on the host.
    static func addTrees(
        _ record: ContainerRecord, _ context: EngineContext, _ ids: MappedIDs,
        to trees: inout [String: OwnedDescriptor]
    ) throws {
        let taken = Set(record.mounts.map(\.destination))
        for name in ["resolv.conf", "hostname", "hosts"] where !taken.contains("/etc/\(name)") {
            let file = "\(context.configuration.containerDirectory(record.id))/\(name)"
            let tree = try PrivateMounts.tree(try OwnedDescriptor.open(file, O_PATH))
            try PrivateMounts.map(tree, ids)
            trees["/etc/\(name)"] = tree
        }
    }

    /// `name:address` or `name=address`; `host-gateway` is the host's address on the default bridge.
    private func extraHosts() async throws -> [(name: String, address: String)] {
        var result = links.hosts
        for text in record.settings.host.extraHosts {
            guard let at = text.firstIndex(where: { $0 == ":" || $0 == "=" }) else {
                throw GantryError.invalid("bad format for add-host: \"\(text)\"")
            }
            var address = String(text[text.index(after: at)...])
            if address == "host-gateway" { address = try await context.networks.network("bridge").pools.first?.gateway ?? "" }
            result.append((String(text[..<at]), address))
        }
        return result
    }

    /// A container in another's network sees that one's names.
    private func shareNetworkFiles() async throws {
        guard case .container(let name) = NetworkPlan.mode(record.settings) else { return }
        let other = context.configuration.containerDirectory(try context.container(name).id)
        let own = context.configuration.containerDirectory(record.id)
        for file in ["hosts", "resolv.conf", "hostname"] {
            try FileSystem.replace("\(own)/\(file)", with: try FileSystem.readText("\(other)/\(file)", limit: 1 << 20))
        }
    }
}

/// Looks into the container's root before the start: who runs, where, and what empty volumes are filled with.
struct RootPreparation {
    let record: ContainerRecord
    let context: EngineContext
    let snapshot: Snapshot
    /// Of a container whose ids are mapped.
    var ids: MappedIDs?

    struct Result: Sendable {
        /// The container's root, mounted; handed to the runtime.
        var root: OwnedDescriptor
        var identity: UserDatabase.Identity
        /// With sources made and volumes mounted.
        var binds: [Bind]
        /// Sources that a container can change, opened, by destination.
        var trees: [String: OwnedDescriptor]

        /// The root's mount ends here, unless somebody else has it.
        var withoutRoot: (identity: UserDatabase.Identity, binds: [Bind], trees: [String: OwnedDescriptor]) {
            (identity, binds, trees)
        }
    }

    struct Bind: Sendable {
        var source: String
        var destination: String
        var readOnly: Bool
        var propagation: String
        var nonRecursive: Bool
    }

    func run() throws -> Result {
        // A container that goes with its end has nothing to lose in a crash of the host.
        let volatile = record.settings.host.autoRemove
        guard let ids else { return try prepared(try overlay(volatile: volatile)) }
        // Everything is made with the ids on disk first; mounted again, the root shows them as they are mapped.
        let made = try prepared(try overlay(volatile: false)).withoutRoot
        return Result(
            root: try overlay(volatile: volatile, ids), identity: made.identity, binds: made.binds, trees: made.trees)
    }

    private func overlay(volatile: Bool, _ ids: MappedIDs? = nil) throws -> OwnedDescriptor {
        try PrivateMounts.overlay(
            layersDirectory: snapshot.layersDirectory, lower: context.lowerNames(snapshot), upper: snapshot.upper,
            work: snapshot.work, volatile: volatile, ids: ids)
    }

    private func prepared(_ root: OwnedDescriptor) throws -> Result {
        let settings = record.settings
        let identity = try UserDatabase(root: root).identity(settings.user, extra: settings.host.groupsAdded)
        try makeMarks(in: root)
        try makeWorkingDirectory(in: root)
        let binds = try binds(root: root)
        return Result(root: root, identity: identity, binds: binds, trees: try trees())
    }

    /// Docker's marks: programs look for the one to know where they run, and in the other for what is mounted.
    private func makeMarks(in root: OwnedDescriptor) throws {
        do throws(SystemError) { _ = try root.open(".dockerenv", O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, mode: 0o755) } catch {
            guard error.errno == EEXIST else { throw error }
        }
        let directory: OwnedDescriptor
        do throws(SystemError) { directory = try root.openInRoot("/etc", O_PATH | O_DIRECTORY) } catch {
            guard [ENOENT, ENOTDIR, ELOOP].contains(error.errno) else { throw error }
            return
        }
        if symlinkat("/proc/mounts", directory.raw, "mtab") != 0, gantry_errno() != EEXIST {
            throw SystemError.last("symlinkat", "/etc/mtab")
        }
    }

    /// A missing working directory is made, owned by root.
    private func makeWorkingDirectory(in root: OwnedDescriptor) throws {
        let path = MountPlanner.clean(record.settings.workingDirectory)
        guard path != "/", !record.mounts.contains(where: { path == $0.destination || path.hasPrefix($0.destination + "/") }) else {
            return
        }
        var done = ""
        for part in path.split(separator: "/") {
            let parent = try root.openInRoot(done.isEmpty ? "/" : done, O_PATH | O_DIRECTORY)
            if mkdirat(parent.raw, String(part), 0o755) != 0, gantry_errno() != EEXIST { throw SystemError.last("mkdirat", path) }
            done += "/\(part)"
        }
        do throws(SystemError) { _ = try root.openInRoot(path, O_PATH | O_DIRECTORY) } catch {
            guard error.errno == ENOTDIR else { throw error }
            throw GantryError.invalid("Cannot mkdir: \(path) is not a directory")
        }
    }

    private func binds(root: OwnedDescriptor) throws -> [Bind] {
        try record.mounts.compactMap { mount in
            switch mount.kind {
            case .tmpfs, .image: return nil
            case .bind:
                if !FileSystem.exists(mount.source) {
                    guard mount.createSource else {
                        throw GantryError.invalid(
                            "invalid mount config for type \"bind\": bind source path does not exist: \(mount.source)")
                    }
                    try FileSystem.makeDirectories(mount.source)
                }
                return Bind(
                    source: mount.source, destination: mount.destination, readOnly: mount.readOnly, propagation: mount.propagation,
                    nonRecursive: mount.nonRecursive)
            case .volume:
                let directory = try context.volumes.prepare(mount.source)
                if !mount.noCopy, mount.subpath.isEmpty {
                    try context.volumes.fill(volume: mount.source, fromRoot: root, path: mount.destination)
                }
                return Bind(
                    source: directory, destination: mount.destination, readOnly: mount.readOnly,
                    propagation: "rprivate", nonRecursive: false)
            }
        }
    }

    /// Places inside volumes, for the runtime to mount.
    private func trees() throws -> [String: OwnedDescriptor] {
        var result: [String: OwnedDescriptor] = [:]
        for mount in record.mounts where mount.kind == .volume {
            let directory = context.volumes.mountpoint(mount.source)
            result[mount.destination] = try Self.subtree(mount, in: directory)
            guard let ids else { continue }
            let tree =
                try result[mount.destination] ?? PrivateMounts.tree(try OwnedDescriptor.open(directory, O_PATH | O_DIRECTORY))
            do throws(SystemError) { try PrivateMounts.map(tree, ids) } catch {
                throw GantryError.unsupported(
                    "the ids of volume `\(mount.source)` cannot be mapped: its file system does not know how", cause: error,
                    hint: "run the container with --userns=host")
            }
            result[mount.destination] = tree
        }
        for mount in record.mounts where mount.kind == .image {
            if let ids { result[mount.destination] = try ImageMount(mount: mount, context: context).tree(ids) }
        }
        return result
    }

    /// The place inside a volume that a mount shows, nil for the whole volume. A volume's content is the containers' own: what is
    /// opened here is what is mounted, whatever becomes of the path.
    static func subtree(_ mount: ResolvedMount, in directory: String) throws -> OwnedDescriptor? {
        guard !mount.subpath.isEmpty else { return nil }
        let volume = try OwnedDescriptor.open(directory, O_PATH | O_DIRECTORY)
        do throws(SystemError) { return try PrivateMounts.tree(try volume.openBeneath(mount.subpath, O_PATH)) } catch {
            throw GantryError.invalid("cannot access path \(mount.subpath) of volume `\(mount.source)`", cause: error)
        }
    }
}

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
    var idMappings: IDMappings?
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
            let profile = try await AppArmorChoice.profile(
                asked: SecurityOptions(settings.host.securityOptions).appArmorProfile, privileged: settings.host.privileged)
            let log = try ContainerLog(record, configuration: context.configuration)
            return ContainerPreparation(
                specification: try SpecificationBuilder(
                    record: record, context: context, identity: sandbox.identity, binds: sandbox.binds, shared: shared,
                    hasNetworkNamespace: network.namespace != nil, linkEnvironment: links.environment, ids: remapped?.ids,
                    appArmorProfile: profile
                ).build(),
                root: .tree(sandbox.root),
                trees: trees,
                namespace: network.namespace,
                userNamespace: remapped?.ids.namespace,
                idMappings: remapped?.mappings,
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

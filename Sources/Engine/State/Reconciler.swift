import CLinux
import ContainerRuntime
import Essentials
import Images
import LinuxSystem
import Logging
import Networks
import Volumes

/// Brings the records together with what is really there when the daemon starts.
struct Reconciler {
    let context: EngineContext

    func run() async throws {
        let records = Self.inOrder(try context.containerTable.loadAll(logger: context.logger))
        try await context.networks.start(running: Set(records.filter { $0.phase.processID != nil }.map(\.id)))
        try context.volumes.reconcile(containers: Set(records.map(\.id)))
        var restarts: [Container] = []
        for record in records {
            try context.reserve(name: record.name, for: record.id)
            let container = Container(record: record, context: context)
            context.add(container, name: record.name)
            do {
                if try await container.reconcile() { restarts.append(container) }
            } catch {
                context.logger.error(
                    "container could not be found again", metadata: ["container": "\(record.id)", "error": "\(error)"])
            }
        }
        try removeLeftovers(known: Set(records.map(\.id)))
        for container in restarts {
            do { try await container.startWithDaemon() } catch {
                context.logger.warning(
                    "restart after the daemon's start failed", metadata: ["container": "\(container.id)", "error": "\(error)"])
            }
        }
    }

    /// Those whose namespaces or links others take come first.
    private static func inOrder(_ records: [ContainerRecord]) -> [ContainerRecord] {
        let byID = Dictionary(uniqueKeysWithValues: records.map { ($0.id, $0) })
        let idsByName = Dictionary(records.map { ($0.name, $0.id) }) { first, _ in first }
        let needs = byID.mapValues { record in
            let host = record.settings.host
            return (SharedNamespaces.donors(host) + host.links.map { ContainerLinks.Link($0).target })
                .map { idsByName[$0] ?? $0 }
        }
        return StartOrder.of(records.map(\.id), needs: needs).compactMap { byID[$0] }
    }

    /// State, directories and snapshots of containers that no record knows: a create or remove that was cut off.
    private func removeLeftovers(known: Set<String>) throws {
        for id in try context.runtime.knownContainers() where !known.contains(id) && Identifier.isFull(id) {
            context.logger.warning("leftover of an unknown container removed", metadata: ["container": "\(id)"])
            try context.runtime.forget(container: id)
        }
        for id in try FileSystem.list("\(context.configuration.dataRoot)/containers")
        where !known.contains(id) && Identifier.isFull(id) {
            try context.imageStore.removeSnapshot(id: id)
            try FileSystem.removeTree(context.configuration.containerDirectory(id))
        }
    }
}

extension Container {
    /// Takes a container up again where the record and the kernel say it is.
    /// - Returns: whether its restart policy wants it started.
    func reconcile() async throws -> Bool {
        switch record.phase {
        case .running, .paused: return try await reconnect()
        case .removing, .dead:
            try await removeExclusively(volumes: true)
            return false
        case .restarting: return true
        case .created, .exited:
            // A start that was cut off before its record.
            await context.networks.detachAll(container: id)
            if try context.runtime.knownContainers().contains(id) { try context.runtime.forget(container: id) }
            if record.phase == .exited, record.settings.host.autoRemove {
                // Its removal was cut off before it began.
                try await removeExclusively(volumes: true)
                return false
            }
            return wantsStartWithDaemon
        }
    }

    /// One whose restart was due goes on counting; others begin anew.
    func startWithDaemon() async throws {
        guard record.phase == .restarting else { return try await start() }
        try await gate.run { try await startExclusively() }
    }

    private func reconnect() async throws -> Bool {
        switch try await context.runtime.reconnect(container: id) {
        case .running(let process):
            adopt(process)
            await restoreNetworks(process)
            watch(process)
            startHealthChecks(resuming: true)
            return false
        case .exited(let exit):
            await ended(exit)
        case .lost:
            // 255 is what Docker shows after a restart of the host.
            let sameBoot = record.history?.bootID == HostInformation.bootID()
            await ended(ExitRecord(exitCode: sameBoot ? 137 : 255, signal: sameBoot ? 9 : nil, finishedAt: .now()), isLost: true)
        }
        return false
    }

    /// Whatever becomes of them, the container's end must be seen.
    private func restoreNetworks(_ process: ShimProcess) async {
        do {
            let namespace = try context.runtime.open("ns/net", O_RDONLY, of: process.processID, in: id)
            try await context.networks.restore(container: id, namespace: namespace, servers: record.settings.host.dns)
        } catch let error as GantryError where error.kind == .conflict {
            logger.debug("the container ended before its networks were taken up again", metadata: ["error": "\(error)"])
        } catch {
            logger.error("the container's networks were not taken up again", metadata: ["error": "\(error)"])
        }
    }

    /// After a restart of the daemon or host. Source: `cli.md` §2.2, restart policy.
    private var wantsStartWithDaemon: Bool {
        record.phase == .exited
            && RestartDecision.startsWithDaemon(
                policy: record.settings.host.restartPolicy, exitCode: record.run.exitCode, stoppedByUser: record.stoppedByUser)
    }
}

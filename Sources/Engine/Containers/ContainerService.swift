import ContainerRuntime
import Essentials
import Images
import Logging
import Networks
import OCI

/// Containers by name: finds the one meant and asks it. The topics stand in extensions.
struct ContainerService: ContainerOperations {
    let context: EngineContext

    func stop(_ name: NameOrID, signal: String?, timeout: Int?) async throws {
        try await context.container(name).stop(signal: signal, timeout: timeout)
    }

    func restart(_ name: NameOrID, signal: String?, timeout: Int?) async throws {
        try await context.container(name).restart(signal: signal, timeout: timeout)
    }

    func kill(_ name: NameOrID, signal: String?) async throws {
        let container: Container
        do { container = try context.container(name) } catch {
            throw GantryError(error.kind, "cannot kill container: \(name): \(error.message)")
        }
        try await container.kill(signal: signal)
    }

    func pause(_ name: NameOrID) async throws { try await context.container(name).pause() }
    func unpause(_ name: NameOrID) async throws { try await context.container(name).unpause() }

    func remove(_ name: NameOrID, volumes: Bool, force: Bool) async throws {
        try await context.container(name).remove(volumes: volumes, force: force)
    }

    func removeLink(_ name: String) async throws {
        let parts = name.split(separator: "/").map(String.init)
        guard parts.count == 2 else {
            throw GantryError.internal("Conflict, cannot remove the default link name of the container")
        }
        let container = try context.container(parts[0])
        guard try await container.removeLink(alias: parts[1]) else {
            throw GantryError.notFound("Cannot get parent \(parts[0]) for link \(name)")
        }
    }

    func rename(_ name: NameOrID, to newName: String) async throws {
        try await context.container(name).rename(to: newName)
    }

    func update(_ name: NameOrID, resources: ResourceSettings, restartPolicy: RestartPolicy?) async throws -> [String] {
        try await context.container(name).update(resources: resources, restartPolicy: restartPolicy)
    }

    func prune(filters: [String: [String]]) async throws -> PruneReport {
        var report = PruneReport(removed: [], reclaimed: 0)
        let filter = try PruneFilter(filters)
        for container in context.allContainers {
            let record = await container.record
            guard [.created, .exited, .dead].contains(record.phase),
                filter.admits(labels: record.settings.labels, createdAt: record.createdAt)
            else { continue }
            let size = (try? context.imageStore.snapshotSize(id: record.id)) ?? 0
            do {
                try await container.remove(volumes: false, force: false)
                report.removed.append(record.id)
                report.reclaimed += size
            } catch {
                context.logger.warning("container not pruned", metadata: ["container": "\(record.id)", "error": "\(error)"])
            }
        }
        context.events.publish("container", "prune", actor: "", attributes: ["reclaimed": "\(report.reclaimed)"])
        return report
    }

    func wait(_ name: NameOrID, _ condition: WaitCondition) async throws -> @Sendable () async throws -> WaitResult {
        let container = try context.container(name)
        let waiting: Deferred<WaitResult>
        switch condition {
        case .notRunning:
            guard let running = await container.endOfThisRun else {
                let result = await container.lastResult
                return { result }
            }
            waiting = running
        case .nextExit: waiting = await container.nextExit
        case .removed: waiting = container.removal
        }
        return {
            guard let result = await waiting.value() else { throw GantryError(.cancelled, "the wait was given up") }
            return result
        }
    }

    func resize(_ name: NameOrID, to size: ConsoleSize) async throws {
        let container = try context.container(name)
        try await container.runningProcess().resize(columns: size.columns, rows: size.rows)
        await container.publish("resize", ["height": "\(size.rows)", "width": "\(size.columns)"])
    }
}

extension Container {
    func restart(signal: String?, timeout: Int?) async throws {
        try await gate.run {
            if record.phase.processID != nil || record.phase == .restarting {
                try await stopExclusively(signal: signal, timeout: timeout, action: "restart")
            }
            // The end of the run reaches the record before the waiters, so it can be started at once.
            try change { record in
                record.restartCount = 0
                record.history?.streak = 0
            }
            try await startExclusively()
            publish("restart")
        }
    }

    func rename(to newName: String) async throws {
        let name = newName.hasPrefix("/") ? String(newName.dropFirst()) : newName
        guard !name.isEmpty else { throw GantryError.invalid("Neither old nor new names may be empty") }
        let prefix = "Error when allocating new name: "
        do { try ContainerName.check(name, shown: "/" + name) } catch { throw GantryError(error.kind, prefix + error.message) }
        try await gate.run {
            let old = record.name
            guard old != name else { throw GantryError.invalid("Renaming a container with the same name as its current name") }
            do { try context.reserve(name: name, for: id) } catch let error as GantryError {
                throw GantryError(error.kind, prefix + error.message)
            }
            do {
                try change { $0.name = name }
            } catch {
                context.release(name: name, of: id)
                throw error
            }
            context.release(name: old, of: id)
            try await context.networks.rename(container: id, to: name)
            publish("rename", ["oldName": "/\(old)"])
        }
    }

    /// - Returns: a warning for each limit that the host cannot give.
    func update(resources: ResourceSettings, restartPolicy: RestartPolicy?) async throws -> [String] {
        try await gate.run {
            func refused(_ error: GantryError) -> GantryError {
                GantryError(error.kind, "Cannot update container \(id): \(error.message)", cause: error.cause, hint: error.hint)
            }
            if let restartPolicy, restartPolicy.name != .no, record.settings.host.autoRemove {
                throw refused(
                    .invalid("Restart policy cannot be updated because AutoRemove is enabled for the container"))
            }
            try ResourceCheck.check(resources, isUpdate: true)
            var wanted = resources
            let warnings = try ResourceSupport(context.runtime.cgroups).adapt(&wanted, isUpdate: true)
            var merged = record.settings.host.resources
            do throws(GantryError) {
                try merged.checkUpdate(wanted)
                merged.take(changed: wanted)
                try ResourceCheck.check(merged)
            } catch { throw refused(error) }
            if record.phase.processID != nil {
                do { try context.runtime.cgroups.update(id, SpecificationBuilder.resources(merged)) } catch let error as GantryError
                {
                    throw refused(error)
                }
            }
            try change { record in
                record.settings.host.resources = merged
                if let restartPolicy { record.settings.host.restartPolicy = restartPolicy }
            }
            publish("update")
            return warnings
        }
    }
}

/// Names that containers may have.
enum ContainerName {
    /// - Parameter shown: the name as the message has it.
    static func check(_ name: String, shown: String? = nil) throws(GantryError) {
        let bytes = Array(name.utf8)
        func plain(_ byte: UInt8) -> Bool { (byte >= 48 && byte <= 57) || (byte | 32 >= 97 && byte | 32 <= 122) }
        guard bytes.count >= 2, plain(bytes[0]), bytes.allSatisfy({ plain($0) || $0 == 95 || $0 == 46 || $0 == 45 }) else {
            throw .invalid("Invalid container name (\(shown ?? name)), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
        }
    }
}

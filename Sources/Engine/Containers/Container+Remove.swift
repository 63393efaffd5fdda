import ContainerRuntime
import Essentials
import Images
import LinuxSystem
import Logging
import Volumes

extension Container {
    /// - Parameter volumes: also the volumes that were made for this container alone.
    func remove(volumes: Bool, force: Bool) async throws {
        let underway = GantryError.conflict("removal of container \(record.name) is already in progress")
        if record.phase == .removing { throw underway }
        try await gate.run {
            switch record.phase {
            case .running, .restarting:
                guard force else {
                    throw GantryError.conflict(
                        "cannot remove container \"\(record.name)\": container is \(record.phase.word): stop the container before removing or force remove"
                    )
                }
                try await killForRemoval()
            case .paused:
                guard force else {
                    throw GantryError.conflict(
                        "cannot remove container \"\(record.name)\": container is paused and must be unpaused first")
                }
                try await killForRemoval()
            case .created, .exited, .dead: break
            case .removing: throw underway
            }
            try await removeExclusively(volumes: volumes || record.settings.host.autoRemove)
        }
    }

    private func killForRemoval() async throws {
        restartTask?.cancel()
        guard let process else { return try change { $0.phase = .exited } }
        try note("rm", signal: SignalNumber.kill, meansEnd: true)
        // The end of the run must not remove it a second time.
        try change { $0.settings.host.autoRemove = false }
        let over = nextExit
        publish("kill", ["signal": "9"])
        try await Self.signal(process, SignalNumber.kill)
        if case .paused = record.phase { try await context.runtime.resume(id) }
        _ = await over.value()
    }

    /// Removes a container that does not run. A failure leaves it as `dead`, to be removed again.
    /// - Parameter afterRun: by itself, right after its end, whose traces at the runtime go last.
    func removeExclusively(volumes: Bool, afterRun: Bool = false) async throws {
        restartTask?.cancel()
        for attachment in takeWaitingAttachments() { attachment.live.resolve(nil) }
        let result = lastResult
        try change { $0.phase = .removing }
        do {
            defer { if afterRun { forgetRun() } }
            try context.imageStore.removeSnapshot(id: id, inBackground: afterRun)
            try FileSystem.removeTree(context.configuration.containerDirectory(id))
            _ = try context.volumes.removeReferences(container: id)
            if volumes {
                for name in record.anonymousVolumes { await removeVolume(name) }
            }
            try context.containerTable.delete(id)
        } catch {
            try change { $0.phase = .dead }
            throw GantryError.internal("cannot remove container \"\(record.name)\"", cause: error)
        }
        publish("destroy")
        context.forget(self)
        removal.resolve(result)
    }

    private func removeVolume(_ name: String) async {
        do {
            try context.volumes.remove(name, force: false)
            context.events.publish("volume", "destroy", actor: name, attributes: ["driver": "local"])
        } catch {
            // Another container may have taken it over with --volumes-from: Docker leaves it then, too.
            logger.debug("anonymous volume stays", metadata: ["volume": "\(name)", "error": "\(error)"])
        }
    }
}

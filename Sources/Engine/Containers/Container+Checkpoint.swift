import ContainerRuntime
import Essentials
import LinuxSystem
import Logging

extension ContainerService {
    func start(_ name: NameOrID, from checkpoint: CheckpointPlace?) async throws {
        try await context.container(name).start(from: checkpoint)
    }

    func makeCheckpoint(_ name: NameOrID, _ place: CheckpointPlace, leavesRunning: Bool) async throws {
        try await context.container(name).makeCheckpoint(place, leavesRunning: leavesRunning)
    }

    func checkpoints(_ name: NameOrID, directory: String?) async throws -> [String] {
        let record = await (try context.container(name)).record
        let folder = try CheckpointFolder(directory, of: record, context.configuration)
        return try await BlockingWork.run { try folder.names() }
    }

    func removeCheckpoint(_ name: NameOrID, _ place: CheckpointPlace) async throws {
        let container = try context.container(name)
        try await container.gate.run {
            let folder = try CheckpointFolder(place.directory, of: await container.record, context.configuration)
            try await BlockingWork.run { try FileSystem.removeTree(try folder.find(place.name)) }
        }
    }
}

extension Container {
    func makeCheckpoint(_ place: CheckpointPlace, leavesRunning: Bool) async throws {
        try await gate.run {
            if case .paused = record.phase {
                throw GantryError.conflict("Container \(record.name) is paused, unpause the container before a checkpoint")
            }
            guard case .running(let processID) = record.phase else { throw GantryError.conflict("Container \(id) not running") }
            try await checkCheckpoint(leavesRunning: leavesRunning)
            let folder = try CheckpointFolder(place.directory, of: record, context.configuration)
            let directory = try await BlockingWork.run { try folder.make(place.name) }
            var request = CheckpointRequest(directory: directory)
            request.leavesRunning = leavesRunning
            request.hasOwnNetwork = false
            // Of files in the container's own root, or shared by those who knew what they did.
            request.options.fileLocks = true
            let over = nextExit
            let before = record
            // Before the fact: the end comes with criu's last step.
            if !leavesRunning { try note("checkpoint", signal: SignalNumber.kill, meansEnd: true) }
            do { try await context.runtime.checkpoint(id, processID: processID, request) } catch {
                if !leavesRunning { withdrawNote(before) }
                discard(directory)
                throw Self.refusal(record.name, error)
            }
            if !leavesRunning { _ = await over.value(within: .seconds(10)) }
            publish("checkpoint")
        }
    }

    private static func refusal(_ name: String, _ error: any Error) -> GantryError {
        guard let error = error as? GantryError else {
            return GantryError(.internal, "Cannot checkpoint container \(name)", cause: error)
        }
        return GantryError(
            error.kind, "Cannot checkpoint container \(name): \(error.message)", cause: error.cause, hint: error.hint)
    }

    /// The container runs on as if nothing had been asked.
    private func withdrawNote(_ before: ContainerRecord) {
        guard record.phase.processID != nil else { return }
        do {
            try change { record in
                record.history = before.history
                record.stoppedByUser = before.stoppedByUser
            }
        } catch {
            logger.warning("a checkpoint that failed stays noted", metadata: ["error": "\(error)"])
        }
    }

    private func discard(_ directory: String) {
        do { try FileSystem.removeTree(directory) } catch {
            logger.warning("a checkpoint that failed stays", metadata: ["directory": "\(directory)", "error": "\(error)"])
        }
    }

    /// What criu could not describe, or could describe only with what is not this container's.
    private func checkCheckpoint(leavesRunning: Bool) async throws {
        let host = record.settings.host
        if record.settings.terminal { throw GantryError.unsupported("checkpoint not support on containers with tty") }
        for (word, mode) in [("network", host.networkMode), ("pid", host.pidMode), ("ipc", host.ipcMode)]
        where mode.hasPrefix("container:") {
            throw GantryError.unsupported("a container with `--\(word) \(mode)` cannot be checkpointed: it shares it with another")
        }
        guard !leavesRunning else { return }
        if host.autoRemove {
            throw GantryError.conflict(
                "container \(record.name) is removed at its end, with its checkpoints: use --leave-running")
        }
        // criu closes the network before the end and leaves it so.
        for other in context.allContainers where other.id != id {
            let record = await other.record
            guard record.phase.processID != nil, record.settings.host.networkMode.hasPrefix("container:"),
                try context.container(String(record.settings.host.networkMode.dropFirst(10))) === self
            else { continue }
            throw GantryError.conflict("container \(record.name) uses the network of this one: use --leave-running")
        }
    }

    /// What a start from a checkpoint tells the runtime.
    func restoreRequest(_ place: CheckpointPlace?) throws -> RestoreRequest? {
        guard let place else { return nil }
        if try RuntimeChoice.runtime(record.settings.host.runtime, context.configuration) != nil {
            throw GantryError.unsupported("containers of another runtime cannot be started from a checkpoint")
        }
        let folder = try CheckpointFolder(place.directory, of: record, context.configuration)
        var request = RestoreRequest(directory: try folder.find(place.name))
        request.options.fileLocks = true
        return request
    }
}

import ContainerRuntime
import Essentials

extension ContainerService {
    func attach(_ name: NameOrID, _ request: AttachRequest) async throws -> any AttachSession {
        let container = try context.container(name)
        let keys = try DetachKeys(request.detachKeys)
        return try await container.attach(request, keys: keys)
    }
}

extension Container {
    func attach(_ request: AttachRequest, keys: DetachKeys) async throws -> any AttachSession {
        switch record.phase {
        case .paused: throw GantryError.conflict("container \(id) is paused, unpause the container before attach")
        case .restarting: throw GantryError.conflict("container \(id) is restarting, wait until the container is running")
        default: break
        }
        var request = request
        request.stdin = request.stdin && record.settings.openStdin
        let replay = request.logs ? try logReplay(request) : nil
        let terminal = record.settings.terminal
        guard request.stream else { return replay ?? ReplaySession(terminal: terminal, chunks: []) }
        let live = Deferred<AttachedStreams?>()
        let session = ProcessAttachSession(terminal: terminal, live: live, replay: replay, keys: keys) { [weak self] in
            Task { await self?.publish("detach") }
        }
        if let process, record.phase.processID != nil {
            live.resolve(try await process.attach(stdin: request.stdin, stdout: request.stdout, stderr: request.stderr))
        } else if record.phase == .created || record.phase == .exited {
            add(WaitingAttachment(request: request, live: live))
        } else {
            live.resolve(nil)
        }
        publish("attach")
        return session
    }

    /// What the log holds now; read while the client takes it.
    private func logReplay(_ request: AttachRequest) throws -> ReplaySession {
        var query = LogQuery()
        query.stdout = request.stdout
        query.stderr = request.stderr
        let read = try logRead(query)
        return ReplaySession(terminal: record.settings.terminal) { sink in
            try await read { batch in
                for chunk in batch.chunks { try await sink(chunk) }
            }
        }
    }
}

extension LogBatch {
    /// The text alone: what follows one another on the same stream is one piece.
    var chunks: [OutputChunk] {
        var result: [OutputChunk] = []
        for line in lines {
            if result.last?.kind == line.kind {
                result[result.count - 1].bytes += bytes[line.range]
            } else {
                result.append(OutputChunk(kind: line.kind, bytes: Array(bytes[line.range])))
            }
        }
        return result
    }
}

import ContainerRuntime
import Essentials
import LinuxSystem
import Logging

extension ContainerService {
    func logs(_ name: NameOrID, _ query: LogQuery) async throws -> (terminal: Bool, read: LogRead) {
        let container = try context.container(name)
        guard query.stdout || query.stderr else {
            throw GantryError.invalid("Bad parameters: you must choose at least one stream")
        }
        return (await container.record.settings.terminal, try await container.logRead(query))
    }
}

extension Container {
    /// What reads the log as it is now and, when following, what comes until the end of the run.
    /// - Throws: `unsupported` when nothing is kept that could be read.
    func logRead(_ query: LogQuery) throws -> LogRead {
        let log = try ContainerLog(record, configuration: context.configuration)
        guard let path = log.path else {
            throw GantryError.unsupported("configured logging driver does not support reading")
        }
        let running = record.phase.processID != nil || record.phase == .restarting
        let over = running && query.follow ? nextExit : nil
        var reader = LogReader(path: path, format: log.format, query: query)
        if over != nil { try reader.prepareToFollow() }
        return { [reader] body in try await reader.read(until: over, body) }
    }

    /// Does what the shim asks for while the process runs: compresses what it rotated, also what an earlier run left, and tells
    /// of clients that it gave up. Returns some time after the end of the process.
    func heed(_ process: ShimProcess) async {
        let log: ContainerLog
        do { log = try ContainerLog(record, configuration: context.configuration) } catch {
            return logger.error("the log's settings cannot be read", metadata: ["error": "\(error)"])
        }
        await compress(log)
        for await notice in process.notices {
            switch notice {
            case .logRotated: await compress(log)
            case .clientDropped:
                logger.warning("an attached client that took no output for 5 s was dropped, so that the container could go on")
            }
        }
        await compress(log)
    }

    /// One after the other, also when the next run has begun.
    private func compress(_ log: ContainerLog) async {
        let before = compression
        let task = Task {
            await before?.value
            await compressNow(log)
        }
        compression = task
        await task.value
    }

    private nonisolated func compressNow(_ log: ContainerLog) async {
        guard let rotation = log.configuration.rotation, rotation.compresses, let path = log.path else { return }
        do {
            try await BlockingWork.run { try LogFiles(path: path).compress(count: rotation.maxFiles) }
        } catch {
            // The container may have been removed meanwhile, and its log with it.
            guard FileSystem.exists(log.directory) else { return }
            logger.warning("a rotated log stays as it is", metadata: ["path": "\(path)", "error": "\(error)"])
        }
    }
}

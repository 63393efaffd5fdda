import Essentials
import Logging

extension ContainerService {
    func logs(
        _ name: NameOrID, _ query: LogQuery
    ) async throws -> (terminal: Bool, entries: AsyncThrowingStream<LogEntry, any Error>) {
        let container = try context.container(name)
        guard query.stdout || query.stderr else {
            throw GantryError.invalid("Bad parameters: you must choose at least one stream")
        }
        let settings = await container.record.settings
        guard settings.host.logDriver != "none" else {
            throw GantryError.unsupported("configured logging driver does not support reading")
        }
        return (settings.terminal, try await container.logEntries(query))
    }
}

extension Container {
    nonisolated var logPath: String { "\(context.configuration.containerDirectory(id))/\(id)-json.log" }

    /// What the log holds and, when following, what comes until the end of the run.
    func logEntries(_ query: LogQuery) throws -> AsyncThrowingStream<LogEntry, any Error> {
        let running = record.phase.processID != nil || record.phase == .restarting
        let over = running && query.follow ? nextExit : nil
        let reader = LogReader(path: logPath, query: query)
        return AsyncThrowingStream(LogEntry.self, bufferingPolicy: .unbounded) { continuation in
            // Ends with the log, with the run, or when the consumer goes away.
            let task = Task {
                do {
                    try await reader.read(until: over) { entry in
                        if case .terminated = continuation.yield(entry) { return false }
                        return true
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}

import Essentials
import GRDB
import Logging
import Synchronization

/// What happened, kept in the database and told to whoever listens.
///
/// Publishing never waits: the record reaches the database a moment later in one write for all that came meanwhile.
final class EventLog: Sendable {
    /// How many past events are kept.
    static let capacity = 10_000

    private struct State {
        var listeners: [Int: AsyncStream<EngineEvent>.Continuation] = [:]
        var nextListener = 0
        var unwritten: [EngineEvent] = []
        var writing = false
        var lastTime: Int64 = 0
    }

    private let state = Mutex(State())
    private let database: any DatabaseWriter
    private let logger: Logger

    init(database: any DatabaseWriter, logger: Logger) {
        self.database = database
        self.logger = logger
    }

    static func registerMigrations(_ migrator: inout DatabaseMigrator) {
        migrator.registerMigration("engine-events-1") { database in
            try database.create(table: "engineEvent") { table in
                table.autoIncrementedPrimaryKey("id")
                table.column("time", .integer).notNull().indexed()
                table.column("body", .text).notNull()
            }
        }
    }

    var listenerCount: Int { state.withLock { $0.listeners.count } }

    /// Tells everybody; `attributes` are the actor's labels and what the action adds.
    func publish(_ type: String, _ action: String, actor: String, attributes: [String: String] = [:]) {
        let startWriter = state.withLock { state in
            // Two events never share a time, so that "since" can continue where a client stopped.
            state.lastTime = max(state.lastTime + 1, Timestamp.now().nanoseconds)
            let event = EngineEvent(
                type: type, action: action, actorID: actor, attributes: attributes, time: Timestamp(nanoseconds: state.lastTime))
            for listener in state.listeners.values { listener.yield(event) }
            state.unwritten.append(event)
            defer { state.writing = true }
            return !state.writing
        }
        // Ends by itself when nothing is left to write.
        if startWriter { Task.detached { self.writeBatches() } }
    }

    /// Writes what is not yet in the database; called once more at the end of the daemon.
    func writeBatches() {
        while true {
            let batch = state.withLock { state -> [EngineEvent] in
                defer { state.unwritten = [] }
                if state.unwritten.isEmpty { state.writing = false }
                return state.unwritten
            }
            if batch.isEmpty { return }
            do {
                try database.write { database in
                    for event in batch {
                        try database.execute(
                            sql: "INSERT INTO engineEvent (time, body) VALUES (?, ?)",
                            arguments: [event.time.nanoseconds, try RecordCoding.encode(event)])
                    }
                    try database.execute(
                        sql: "DELETE FROM engineEvent WHERE id <= (SELECT max(id) FROM engineEvent) - ?", arguments: [Self.capacity]
                    )
                }
            } catch {
                logger.error("events could not be kept", metadata: ["error": "\(error)", "count": "\(batch.count)"])
            }
        }
    }

    /// Past events of the span, then live ones; the stream ends at `until` when that lies in the past, else with its task.
    func stream(since: Timestamp?, until: Timestamp?) throws -> AsyncStream<EngineEvent> {
        let (stream, continuation) = AsyncStream<EngineEvent>.makeStream(bufferingPolicy: .bufferingNewest(Self.capacity))
        // Registering first and then reading the past could tell an event twice: the time filter drops those.
        let registered = state.withLock { state -> (key: Int, unwritten: [EngineEvent], time: Int64) in
            state.nextListener += 1
            return (state.nextListener, state.unwritten, state.lastTime)
        }
        if let since {
            let stored = try past(since: since, until: registered.time)
            let missing = registered.unwritten.filter { event in event.time >= since && !stored.contains(event) }
            for event in stored + missing where until.map({ event.time <= $0 }) ?? true { continuation.yield(event) }
        }
        if let until, until <= Timestamp.now() {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            guard let self else { return }
            _ = self.state.withLock { $0.listeners.removeValue(forKey: registered.key) }
        }
        state.withLock { $0.listeners[registered.key] = continuation }
        if let until {
            Task.detached {
                try? await Task.sleep(for: .nanoseconds(max(0, until.nanoseconds - Timestamp.now().nanoseconds)))
                continuation.finish()
            }
        }
        return stream
    }

    private func past(since: Timestamp, until: Int64) throws -> [EngineEvent] {
        try database.read { database in
            try String.fetchAll(
                database, sql: "SELECT body FROM engineEvent WHERE time >= ? AND time <= ? ORDER BY id",
                arguments: [since.nanoseconds, until]
            ).map { try RecordCoding.decode(EngineEvent.self, from: $0) }
        }
    }
}

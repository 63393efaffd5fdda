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
        /// On its way into the database.
        var inWriting: [EngineEvent] = []
        var writing = false
        var lastTime: Int64 = 0
    }

    private let state = Mutex(State())
    private let database: any DatabaseWriter
    private let logger: Logger

    init(database: any DatabaseWriter, logger: Logger) {
        self.database = database
        self.logger = logger
        // Later than everything that an earlier daemon told, also when the clock was set back since.
        let stored = try? database.read { try Int64.fetchOne($0, sql: "SELECT max(time) FROM engineEvent") }
        let last = max(Timestamp.now().nanoseconds, (stored ?? nil) ?? 0)
        state.withLock { $0.lastTime = last }
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
                state.inWriting = state.unwritten
                state.unwritten = []
                if state.inWriting.isEmpty { state.writing = false }
                return state.inWriting
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

    /// Past events of the span, then live ones; the stream ends at `until`, else with its task. No event is left out or told
    /// twice.
    func stream(since: Timestamp?, until: Timestamp?) throws -> AsyncStream<EngineEvent> {
        let (stream, continuation) = AsyncStream<EngineEvent>.makeStream(bufferingPolicy: .bufferingNewest(Self.capacity))
        let end = until ?? Timestamp(nanoseconds: .max)
        var from = since?.nanoseconds
        while true {
            let last = state.withLock { $0.lastTime }
            if let start = from {
                for event in try past(from: start, through: min(last, end.nanoseconds)) { continuation.yield(event) }
                from = last + 1
            }
            if end <= Timestamp.now() {
                continuation.finish()
                return stream
            }
            // When something came while the past was read, that is read first.
            if register(continuation, ifLastIs: from == nil ? nil : last, until: until) { return stream }
        }
    }

    private func register(
        _ continuation: AsyncStream<EngineEvent>.Continuation, ifLastIs last: Int64?, until: Timestamp?
    ) -> Bool {
        let key = state.withLock { state -> Int? in
            if let last, state.lastTime != last { return nil }
            state.nextListener += 1
            state.listeners[state.nextListener] = continuation
            return state.nextListener
        }
        guard let key else { return false }
        // Ends at its time, or with the listener.
        let timer = until.map { until in
            Task.detached {
                try await Task.sleep(for: .nanoseconds(max(0, until.nanoseconds - Timestamp.now().nanoseconds)))
                continuation.finish()
            }
        }
        continuation.onTermination = { [weak self] _ in
            timer?.cancel()
            _ = self?.state.withLock { $0.listeners.removeValue(forKey: key) }
        }
        return true
    }

    /// What the database holds of the span, and what is still on its way there, in order.
    private func past(from: Int64, through: Int64) throws -> [EngineEvent] {
        guard from <= through else { return [] }
        let span = from...through
        let waiting = state.withLock { $0.inWriting + $0.unwritten }
        let stored = try database.read { database in
            try String.fetchAll(
                database, sql: "SELECT body FROM engineEvent WHERE time >= ? AND time <= ? ORDER BY time",
                arguments: [from, through]
            ).map { try RecordCoding.decode(EngineEvent.self, from: $0) }
        }
        // What was written between the two readings is in both.
        let known = Set(stored.map(\.time))
        return stored + waiting.filter { span.contains($0.time.nanoseconds) && !known.contains($0.time) }
    }
}

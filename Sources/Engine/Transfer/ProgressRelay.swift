import Synchronization

/// Collects the messages of things that go on at once and hands them to one sink, one after the other.
final class ProgressRelay: Sendable {
    /// At most one message of a moving bar for each id in this time.
    private static let pace: Duration = .milliseconds(100)

    private let continuation: AsyncStream<ProgressMessage>.Continuation
    private let lastMoved = Mutex<[String: ContinuousClock.Instant]>([:])

    private init(_ continuation: AsyncStream<ProgressMessage>.Continuation) { self.continuation = continuation }

    /// Runs `body`; every message is with the sink when it returns or throws. A sink that throws ends the body.
    static func run<Value: Sendable>(
        to sink: @escaping ProgressSink, _ body: @escaping @Sendable (ProgressRelay) async throws -> Value
    ) async throws -> Value {
        let (stream, continuation) = AsyncStream<ProgressMessage>.makeStream()
        let relay = ProgressRelay(continuation)
        return try await withThrowingTaskGroup(of: Result<Value, any Error>?.self) { group in
            group.addTask {
                for await message in stream { try await sink(message) }
                return nil
            }
            group.addTask {
                defer { continuation.finish() }
                // As a value: a thrown error would cancel the task above before it has handed on what was said until then.
                do { return .success(try await body(relay)) } catch { return .failure(error) }
            }
            var outcome: Result<Value, any Error>?
            for try await result in group {
                if let result { outcome = result }
            }
            guard let outcome else { throw CancellationError() }
            return try outcome.get()
        }
    }

    func say(_ status: String, _ id: String? = nil) { continuation.yield(ProgressMessage(status: status, id: id)) }

    func say(_ message: ProgressMessage) { continuation.yield(message) }

    /// A bar that moves: left out when the last move was just now, unless it is complete.
    func move(_ status: String, _ id: String, current: Int64, total: Int64) {
        let isDue = lastMoved.withLock { last -> Bool in
            let now = ContinuousClock.now
            if current < total, let before = last[status + id], now - before < Self.pace { return false }
            last[status + id] = now
            return true
        }
        if isDue { continuation.yield(ProgressMessage(status: status, id: id, current: current, total: total)) }
    }
}

import Builder
import Synchronization

/// Brings a build's events to its client, outside of the task that a cancel by name ends: what is being written in a task that is
/// cancelled takes the connection with it, and the client would not hear how its build ended.
final class BuildTelling: Sendable {
    private struct State {
        var isOver = false
        var number = 0
        var underWay: [Int: Task<Void, any Error>] = [:]
    }

    private let events: @Sendable (BuildEvent) async throws -> Void
    private let state = Mutex(State())

    init(_ events: @escaping @Sendable (BuildEvent) async throws -> Void) { self.events = events }

    func tell(_ event: BuildEvent) async throws {
        let events = events
        let (number, task) = state.withLock { state in
            let task = Task { try await events(event) }
            if state.isOver { task.cancel() }
            state.number += 1
            state.underWay[state.number] = task
            return (state.number, task)
        }
        defer { state.withLock { $0.underWay[number] = nil } }
        try await task.value
    }

    /// The client is gone, or nobody waits for it any more.
    func end() {
        state.withLock { state in
            state.isOver = true
            for task in state.underWay.values { task.cancel() }
        }
    }
}

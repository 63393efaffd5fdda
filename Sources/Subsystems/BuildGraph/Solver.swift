/// Makes each vertex of a graph once, however many others ask for it, and all that are asked for at the same time.
///
/// A vertex asks for what it needs from within its own making; a graph without cycles cannot lock up, because waiting takes
/// no slot (``WorkSlots``).
package actor Solver<Vertex: Hashable & Sendable, Value: Sendable> {
    private var tasks: [Vertex: Task<Value, any Error>] = [:]
    private var isCancelled = false

    package init() {}

    /// The value of a vertex: made by `make` when nobody has asked before.
    package func value(of vertex: Vertex, _ make: @escaping @Sendable () async throws -> Value) async throws -> Value {
        if isCancelled { throw CancellationError() }
        if let task = tasks[vertex] { return try await task.value }
        // Held in `tasks` and ended by `cancel()`, which whoever made the solver calls.
        let task = Task { try await make() }
        tasks[vertex] = task
        return try await task.value
    }

    /// Cancels everything under way and waits until it has ended.
    package func cancel() async {
        isCancelled = true
        for task in tasks.values { task.cancel() }
        for task in tasks.values { _ = await task.result }
    }

    /// Cancels everything under way without waiting.
    package func cancelSoon() {
        isCancelled = true
        for task in tasks.values { task.cancel() }
    }
}

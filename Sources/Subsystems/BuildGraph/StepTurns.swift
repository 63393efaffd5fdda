/// Lets equal steps of builds that go on at the same time be done once: the second waits, and finds the result of the first.
package actor StepTurns {
    private var held: Set<String> = []
    private var waiting: [String: [(id: Int, continuation: CheckedContinuation<Bool, Never>)]] = [:]
    private var nextID = 0

    package init() {}

    /// Waits until nobody works on `key`. Given back by ``give(_:)``.
    /// - Throws: CancellationError when cancelled while waiting; there is nothing to give back then.
    package func take(_ key: String) async throws {
        try Task.checkCancellation()
        if held.insert(key).inserted { return }
        let id = nextID
        nextID += 1
        // Handed over by `give`, so `held` keeps the key.
        let granted = await withTaskCancellationHandler {
            await withCheckedContinuation { waiting[key, default: []].append((id, $0)) }
        } onCancel: {
            Task { await self.leave(id, key) }
        }
        if !granted { throw CancellationError() }
    }

    package func give(_ key: String) {
        guard var queue = waiting[key], !queue.isEmpty else {
            held.remove(key)
            return
        }
        let next = queue.removeFirst()
        waiting[key] = queue.isEmpty ? nil : queue
        next.continuation.resume(returning: true)
    }

    private func leave(_ id: Int, _ key: String) {
        guard let index = waiting[key]?.firstIndex(where: { $0.id == id }) else { return }
        waiting[key]?.remove(at: index).continuation.resume(returning: false)
        if waiting[key]?.isEmpty == true { waiting[key] = nil }
    }
}

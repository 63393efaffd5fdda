import Synchronization

/// Lets one cleaning of the cache run at a time, and at most for a twentieth of the time.
final class CollectionPace: Sendable {
    private struct State {
        var startedAt: ContinuousClock.Instant?
        var notBefore = ContinuousClock.now
    }

    private let state = Mutex(State())

    /// - Returns: false when it is not due.
    func begin() -> Bool {
        state.withLock { state in
            let now = ContinuousClock.now
            guard state.startedAt == nil, now >= state.notBefore else { return false }
            state.startedAt = now
            return true
        }
    }

    func end() {
        state.withLock { state in
            let now = ContinuousClock.now
            if let start = state.startedAt { state.notBefore = now + (now - start) * 20 }
            state.startedAt = nil
        }
    }
}

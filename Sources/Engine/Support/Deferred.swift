import Synchronization

/// A value that comes later, once; any number of tasks may wait for it, and each gives up when it is cancelled.
final class Deferred<Value: Sendable>: Sendable {
    private enum State {
        case waiting([Int: CheckedContinuation<Value?, Never>])
        case done(Value)
    }

    private let state = Mutex(State.waiting([:]))
    private let tickets = Atomic<Int>(0)

    /// Delivers the value; later deliveries are ignored.
    func resolve(_ value: Value) {
        let waiting = state.withLock { state -> [CheckedContinuation<Value?, Never>] in
            guard case .waiting(let continuations) = state else { return [] }
            state = .done(value)
            return Array(continuations.values)
        }
        for continuation in waiting { continuation.resume(returning: value) }
    }

    /// The value when it is there already.
    var current: Value? {
        state.withLock { if case .done(let value) = $0 { value } else { nil } }
    }

    /// Waits for the value; nil when the waiting task was cancelled.
    func value() async -> Value? {
        let ticket = tickets.add(1, ordering: .relaxed).newValue
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let now = state.withLock { state -> Value?? in
                    switch state {
                    case .done(let value): return .some(.some(value))
                    case .waiting(var continuations):
                        if Task.isCancelled { return .some(nil) }
                        continuations[ticket] = continuation
                        state = .waiting(continuations)
                        return nil
                    }
                }
                if let now { continuation.resume(returning: now) }
            }
        } onCancel: {
            let continuation = state.withLock { state -> CheckedContinuation<Value?, Never>? in
                guard case .waiting(var continuations) = state else { return nil }
                let found = continuations.removeValue(forKey: ticket)
                state = .waiting(continuations)
                return found
            }
            continuation?.resume(returning: nil)
        }
    }
}

extension Deferred {
    /// Waits at most `duration`.
    /// - Returns: whether the value came.
    func value(within duration: Duration) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.value() != nil }
            group.addTask {
                try? await Task.sleep(for: duration)
                return false
            }
            let first = await group.next() ?? false
            group.cancelAll()
            return first || current != nil
        }
    }
}

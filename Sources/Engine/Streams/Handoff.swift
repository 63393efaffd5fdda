import Synchronization

/// Passes values from one task to another, one at a time: whoever gives waits until the value was taken.
final class Handoff<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var isEnded = false
        var failure: (any Error)?
        var giver: CheckedContinuation<Void, Never>?
        var taker: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Nothing more is given, or nothing more is taken.
    func end(_ failure: (any Error)? = nil) {
        let woken = state.withLock { state in
            state.isEnded = true
            if state.failure == nil { state.failure = failure }
            return [state.giver.take(), state.taker.take()]
        }
        for continuation in woken { continuation?.resume() }
    }

    /// - Throws: `CancellationError` when nothing more is taken.
    func give(_ value: Value) async throws {
        let taker = state.withLock { state in
            if !state.isEnded { state.value = value }
            return state.taker.take()
        }
        taker?.resume()
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.value == nil || state.isEnded { return true }
                state.giver = continuation
                return false
            }
            if isOver { continuation.resume() }
        }
        if state.withLock({ $0.isEnded }) { throw CancellationError() }
    }

    /// The next value; nil at the end.
    func take() async throws -> Value? {
        while true {
            if let value = takeNow() { return value }
            let (isEnded, failure) = state.withLock { ($0.isEnded, $0.failure) }
            if let failure { throw failure }
            if isEnded { return nil }
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.value != nil || state.isEnded { return true }
                    state.taker = continuation
                    return false
                }
                if isReady { continuation.resume() }
            }
        }
    }

    private func takeNow() -> Value? {
        let (value, giver) = state.withLock { state in
            let value = state.value.take()
            return (value, value == nil ? nil : state.giver.take())
        }
        giver?.resume()
        return value
    }
}

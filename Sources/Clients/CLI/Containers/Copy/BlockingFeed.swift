import Dispatch
import Essentials
import Synchronization

/// Carries bytes that arrive to a thread that may block. At most sixteen pieces wait in between.
final class BlockingFeed: Sendable {
    private struct State {
        var pieces: [[UInt8]] = []
        var ended = false
        var failure: (any Error)?
        var abandoned = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())
    private let available = DispatchSemaphore(value: 0)

    /// Hands over all of `source`; stops early when the receiver is done.
    func carry(_ source: some AsyncSequence<[UInt8], any Error>) async {
        do {
            for try await piece in source where !piece.isEmpty {
                guard await push(piece) else { break }
            }
            finish(nil)
        } catch {
            finish(error)
        }
    }

    private func push(_ piece: [UInt8]) async -> Bool {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let goesOn = state.withLock { state in
                if state.abandoned { return true }
                state.pieces.append(piece)
                if state.pieces.count < 16 { return true }
                state.waiting = continuation
                return false
            }
            available.signal()
            if goesOn { continuation.resume() }
        }
        return state.withLock { !$0.abandoned }
    }

    private func finish(_ failure: (any Error)?) {
        state.withLock { state in
            state.ended = true
            state.failure = failure
        }
        available.signal()
    }

    /// The next piece; nil at the end. Blocks.
    func next() throws -> [UInt8]? {
        while true {
            let (piece, isEnd, waiting) = try state.withLock { state in
                if !state.pieces.isEmpty {
                    let piece = state.pieces.removeFirst()
                    defer { state.waiting = nil }
                    return (piece as [UInt8]?, false, state.waiting)
                }
                if let failure = state.failure { throw failure }
                return (nil, state.ended, nil)
            }
            waiting?.resume()
            if piece != nil || isEnd { return piece }
            available.wait()
        }
    }

    /// Nothing more is wanted: the sender is let go.
    func abandon() {
        let waiting = state.withLock { state in
            state.abandoned = true
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }
}

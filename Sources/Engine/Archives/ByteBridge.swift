import CLinux
import LinuxSystem

/// Carries bytes between an async side and a blocking one, with room for a few chunks.
final class ByteBridge: Sendable {
    private struct State {
        var chunks: [[UInt8]] = []
        var size = 0
        var isEnded = false
        var failure: (any Error)?
        var writer: CheckedContinuation<Void, Never>?
        var reader: CheckedContinuation<Void, Never>?
    }

    private static let capacity = 1 << 20
    // Guard `state`; a condition variable because one side blocks its thread. The pointers never change.
    private nonisolated(unsafe) let lock: UnsafeMutablePointer<pthread_mutex_t>
    private nonisolated(unsafe) let changed: UnsafeMutablePointer<pthread_cond_t>
    // Touched only with `lock` held.
    private nonisolated(unsafe) var state = State()

    init() {
        lock = .allocate(capacity: 1)
        changed = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
    }

    private func locked<Value>(_ body: (inout State) -> Value) -> Value {
        pthread_mutex_lock(lock)
        defer {
            pthread_cond_broadcast(changed)
            pthread_mutex_unlock(lock)
        }
        return body(&state)
    }

    /// No more bytes will come, or the reader wants none; the other side gets `failure` when there is one.
    func end(_ failure: (any Error)? = nil) {
        let waiting = locked { state -> [CheckedContinuation<Void, Never>?] in
            state.isEnded = true
            if state.failure == nil { state.failure = failure }
            defer {
                state.writer = nil
                state.reader = nil
            }
            return [state.writer, state.reader]
        }
        for continuation in waiting { continuation?.resume() }
    }

    /// A side ended with an error.
    var hasFailed: Bool { locked { $0.failure != nil } }

    // MARK: Async to blocking

    /// Gives bytes to the blocking reader and waits while it is behind.
    /// - Returns: false when the reader wants no more.
    func write(_ bytes: [UInt8]) async -> Bool {
        await withCheckedContinuation { continuation in
            let ready = locked { state -> Bool in
                if state.isEnded { return true }
                state.chunks.append(bytes)
                state.size += bytes.count
                if state.size < Self.capacity { return true }
                state.writer = continuation
                return false
            }
            if ready { continuation.resume() }
        }
        return !locked { $0.isEnded }
    }

    /// The next bytes, blocking the thread; nil at the end.
    func readBlocking() throws -> [UInt8]? {
        pthread_mutex_lock(lock)
        while state.chunks.isEmpty, !state.isEnded { pthread_cond_wait(changed, lock) }
        let failure = state.chunks.isEmpty ? state.failure : nil
        let chunk = state.chunks.isEmpty ? nil : state.chunks.removeFirst()
        state.size -= chunk?.count ?? 0
        let writer = state.size < Self.capacity ? state.writer : nil
        if writer != nil { state.writer = nil }
        pthread_mutex_unlock(lock)
        writer?.resume()
        if let failure { throw failure }
        return chunk
    }

    // MARK: Blocking to async

    /// Gives bytes to the async reader, blocking the thread while it is behind.
    func writeBlocking(_ bytes: [UInt8]) throws {
        pthread_mutex_lock(lock)
        while state.size >= Self.capacity, !state.isEnded { pthread_cond_wait(changed, lock) }
        let failure = state.failure
        let ended = state.isEnded
        if !ended {
            state.chunks.append(bytes)
            state.size += bytes.count
        }
        let reader = state.reader
        state.reader = nil
        pthread_mutex_unlock(lock)
        reader?.resume()
        if ended { throw failure ?? CancellationError() }
    }

    /// The next bytes; nil at the end.
    func read() async throws -> [UInt8]? {
        while true {
            let result = locked { state -> Result<[UInt8]?, any Error>? in
                if !state.chunks.isEmpty {
                    let chunk = state.chunks.removeFirst()
                    state.size -= chunk.count
                    return .success(chunk)
                }
                guard state.isEnded else { return nil }
                return state.failure.map { .failure($0) } ?? .success(nil)
            }
            if let result { return try result.get() }
            await withCheckedContinuation { continuation in
                let ready = locked { state -> Bool in
                    if !state.chunks.isEmpty || state.isEnded { return true }
                    state.reader = continuation
                    return false
                }
                if ready { continuation.resume() }
            }
        }
    }
}

extension BlockingWork {
    /// Bytes of a stream that are still read after `body` has failed, when the caller asks for it.
    private static let drainLimit = 1 << 20

    /// Runs `body` on a thread of its own, which reads `stream` through the closure it is given.
    /// - Parameter drainAfterFailure: a short stream is read to its end first, so that its sender sees the answer rather than a
    ///   connection that was closed while it sent.
    static func reading<Value: Sendable>(
        _ stream: ByteStream, drainAfterFailure: Bool = false,
        _ body: @escaping @Sendable (@escaping () throws -> [UInt8]?) throws -> Value
    ) async throws -> Value {
        let bridge = ByteBridge()
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var dropped = 0
                do {
                    for try await chunk in stream {
                        // What comes after the consumer has enough is read and dropped, so that the client can finish.
                        if await !bridge.write(chunk) { dropped += chunk.count }
                        if dropped > drainLimit, bridge.hasFailed { break }
                    }
                    bridge.end()
                } catch {
                    bridge.end(error)
                }
            }
            defer { group.cancelAll() }
            do {
                let value = try await run { try body(bridge.readBlocking) }
                bridge.end()
                return value
            } catch {
                bridge.end(error)
                if drainAfterFailure { try? await group.next() }
                throw error
            }
        }
    }

    /// Runs `body` on a thread of its own; what it writes through the closure it is given goes to `sink`.
    static func writing(
        to sink: ByteSink, _ body: @escaping @Sendable (@escaping ([UInt8]) throws -> Void) throws -> Void
    ) async throws {
        let bridge = ByteBridge()
        async let work: Void = run {
            do {
                try body(bridge.writeBlocking)
                bridge.end()
            } catch {
                bridge.end(error)
                throw error
            }
        }
        do {
            while let chunk = try await bridge.read() { try await sink(chunk) }
        } catch {
            bridge.end(error)
            _ = try? await work
            throw error
        }
        try await work
    }
}

internal import CLinux
internal import Synchronization

/// Waits for descriptors without blocking a thread per wait: one epoll thread for the whole process.
package final class DescriptorPoller: Sendable {
    package static let shared = DescriptorPoller()

    private struct Waiting {
        var continuation: CheckedContinuation<Void, any Error>
        /// A duplicate of the caller's descriptor, so that several can wait for one file and a close elsewhere does no harm.
        var descriptor: OwnedDescriptor
    }

    private struct State {
        var nextToken: UInt64 = 1
        var waiting: [UInt64: Waiting] = [:]
        /// Cancelled before they began to wait.
        var cancelled: Set<UInt64> = []
    }

    private let epoll: CInt
    private let state = Mutex(State())

    private init() {
        epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
        var thread = pthread_t()
        // The poller lives as long as the process, so is never released.
        pthread_create(
            &thread, nil,
            { raw in
                Unmanaged<DescriptorPoller>.fromOpaque(raw!).takeUnretainedValue().loop()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        pthread_detach(thread)
    }

    /// Returns when `descriptor` can be read, has reached its end or failed (a pidfd: when the process has ended).
    /// - Throws: `CancellationError` when the task is cancelled, ``SystemError``.
    package func waitReadable(_ descriptor: OwnedDescriptor) async throws {
        try await wait(descriptor, EPOLLIN.rawValue | EPOLLRDHUP.rawValue)
    }

    /// Returns when `descriptor` can be written, or has failed.
    package func waitWritable(_ descriptor: OwnedDescriptor) async throws { try await wait(descriptor, EPOLLOUT.rawValue) }

    private func wait(_ descriptor: OwnedDescriptor, _ events: UInt32) async throws {
        let copy = try descriptor.duplicate()
        let token = state.withLock { state in
            state.nextToken += 1
            return state.nextToken
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let cancelled = state.withLock { state in
                    if state.cancelled.remove(token) != nil { return true }
                    state.waiting[token] = Waiting(continuation: continuation, descriptor: copy)
                    return false
                }
                if cancelled { return continuation.resume(throwing: CancellationError()) }
                var event = epoll_event()
                event.events = events | EPOLLONESHOT.rawValue
                event.data.u64 = token
                if epoll_ctl(epoll, EPOLL_CTL_ADD, copy.raw, &event) != 0 {
                    finish(token, .failure(SystemError.last("epoll_ctl")))
                }
            }
        } onCancel: {
            let found = state.withLock { state in
                if state.waiting[token] == nil { state.cancelled.insert(token) }
                return state.waiting[token] != nil
            }
            if found { finish(token, .failure(CancellationError())) }
        }
        _ = state.withLock { $0.cancelled.remove(token) }
    }

    private func finish(_ token: UInt64, _ result: Result<Void, any Error>) {
        guard let waiting = state.withLock({ $0.waiting.removeValue(forKey: token) }) else { return }
        epoll_ctl(epoll, EPOLL_CTL_DEL, waiting.descriptor.raw, nil)
        waiting.continuation.resume(with: result)
    }

    private func loop() {
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        while true {
            let count = epoll_wait(epoll, &events, CInt(events.count), -1)
            guard count > 0 else { continue }
            for event in events[..<Int(count)] { finish(event.data.u64, .success(())) }
        }
    }
}

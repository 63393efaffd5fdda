internal import CLinux
internal import Synchronization

/// Runs blocking work (disk, decompression) on threads of its own, so that neither event loops nor Swift's tasks wait for it.
package enum BlockingWork {
    /// Runs `body` on a new thread; a thread costs some ten microseconds, next to nothing for what is done here.
    package static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let job = Job { continuation.resume(with: Result { try body() }) }
            var attributes = pthread_attr_t()
            pthread_attr_init(&attributes)
            pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
            // Deep trees are walked by recursion; what is not used costs addresses only.
            pthread_attr_setstacksize(&attributes, 16 << 20)
            defer { pthread_attr_destroy(&attributes) }
            var thread = pthread_t()
            let raw = Unmanaged.passRetained(job).toOpaque()
            let code = pthread_create(
                &thread, &attributes,
                { raw in
                    if let raw { Unmanaged<Job>.fromOpaque(raw).takeRetainedValue().body() }
                    return nil
                }, raw)
            // Without a new thread the work is still done, on this one.
            if code != 0 { Unmanaged<Job>.fromOpaque(raw).takeRetainedValue().body() }
        }
    }

    /// As ``run(_:)``; `body` is given a closure to call now and then, which throws when the task has been cancelled.
    /// - Throws: `CancellationError` also when the task is cancelled already.
    package static func cancellable<Value: Sendable>(
        _ body: @escaping @Sendable (@escaping @Sendable () throws -> Void) throws -> Value
    ) async throws -> Value {
        try Task.checkCancellation()
        let flag = Flag()
        return try await withTaskCancellationHandler {
            try await run { try body { if flag.isSet.load(ordering: .relaxed) { throw CancellationError() } } }
        } onCancel: {
            flag.isSet.store(true, ordering: .relaxed)
        }
    }

    private final class Flag: Sendable {
        let isSet = Atomic(false)
    }

    private final class Job {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }
}

internal import Glibc
internal import Synchronization

/// Runs blocking file work on a thread of its own, so that Swift's tasks do not wait for disks.
enum FileWork {
    static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try Task.checkCancellation()
        return try await withCheckedThrowingContinuation { continuation in
            let job = Job { continuation.resume(with: Result { try body() }) }
            var attributes = pthread_attr_t()
            pthread_attr_init(&attributes)
            pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
            // Deep trees are walked by recursion.
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
    static func cancellable<Value: Sendable>(
        _ body: @escaping @Sendable (@escaping @Sendable () throws -> Void) throws -> Value
    ) async throws -> Value {
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

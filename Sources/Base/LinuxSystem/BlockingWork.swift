internal import CLinux
internal import Dispatch
internal import Synchronization

/// Runs blocking work (disk, decompression) on threads of its own, so that neither event loops nor Swift's tasks wait for it.
package enum BlockingWork {
    /// Runs `body` on a new thread; a thread costs some ten microseconds, next to nothing for what is done here.
    package static func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            onNewThread { continuation.resume(with: Result { try body() }) }
        }
    }

    private static func onNewThread(_ body: @escaping () -> Void) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        // Deep trees are walked by recursion; what is not used costs addresses only.
        pthread_attr_setstacksize(&attributes, 16 << 20)
        defer { pthread_attr_destroy(&attributes) }
        var thread = pthread_t()
        let raw = Unmanaged.passRetained(Job(body)).toOpaque()
        let code = pthread_create(
            &thread, &attributes,
            { raw in
                if let raw { Unmanaged<Job>.fromOpaque(raw).takeRetainedValue().body() }
                return nil
            }, raw)
        // Without a new thread the work is still done, on this one.
        if code != 0 { Unmanaged<Job>.fromOpaque(raw).takeRetainedValue().body() }
    }

    /// Calls `body` with each item, on this thread and others, one for each processor. Blocks until all calls have returned.
    /// - Throws: the first error; what was not begun then is left undone.
    package static func forEach<Item: Sendable>(_ items: [Item], _ body: @escaping @Sendable (Item) throws -> Void) throws {
        let queue = ItemQueue(items)
        let others = DispatchGroup()
        for _ in 1..<max(min(sysconf(CInt(_SC_NPROCESSORS_ONLN)), items.count), 1) {
            others.enter()
            onNewThread {
                queue.drain(body)
                others.leave()
            }
        }
        queue.drain(body)
        others.wait()
        try queue.throwError()
    }

    /// As ``forEach(_:_:)``, with the results in the order of the items.
    package static func map<Item: Sendable, Value: Sendable>(
        _ items: [Item], _ body: @escaping @Sendable (Item) throws -> Value
    ) throws -> [Value] {
        let results = Results<Value>(count: items.count)
        try forEach(Array(items.enumerated())) { results.set(try body($0.element), at: $0.offset) }
        return results.all
    }

    /// One level of a walk through a tree: its branches at the same time, unless other threads are busy with the tree already.
    /// - Parameters:
    ///   - isShared: whether they are.
    ///   - body: gets a branch and whether others are busy below it.
    package static func forEach<Branch: Sendable>(
        _ branches: [Branch], isShared: Bool, _ body: @escaping @Sendable (Branch, _ isShared: Bool) throws -> Void
    ) throws {
        _ = try map(branches, isShared: isShared, body)
    }

    /// As ``forEach(_:isShared:_:)``, with the results in the order of the branches.
    package static func map<Branch: Sendable, Value: Sendable>(
        _ branches: [Branch], isShared: Bool, _ body: @escaping @Sendable (Branch, _ isShared: Bool) throws -> Value
    ) throws -> [Value] {
        guard !isShared, branches.count > 1 else { return try branches.map { try body($0, isShared) } }
        return try map(branches) { try body($0, true) }
    }

    private final class Results<Value: Sendable>: Sendable {
        private let values: Mutex<[Value?]>

        init(count: Int) { values = Mutex([Value?](repeating: nil, count: count)) }

        func set(_ value: Value, at index: Int) { values.withLock { $0[index] = value } }
        var all: [Value] { values.withLock { $0.compactMap(\.self) } }
    }

    private final class ItemQueue<Item: Sendable>: Sendable {
        private let state: Mutex<(rest: ArraySlice<Item>, error: (any Error)?)>

        init(_ items: [Item]) { state = Mutex((items[...], nil)) }

        func drain(_ body: (Item) throws -> Void) {
            while let item = state.withLock({ $0.rest.popFirst() }) {
                do { try body(item) } catch {
                    state.withLock { state in
                        state.rest = []
                        state.error = state.error ?? error
                    }
                }
            }
        }

        func throwError() throws { if let error = state.withLock({ $0.error }) { throw error } }
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

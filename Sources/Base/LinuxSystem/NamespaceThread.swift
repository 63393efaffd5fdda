internal import CLinux

/// A short-lived thread that has entered another namespace: the only way to do something in one without moving the process.
package enum NamespaceThread {
    /// Runs `body` on a new thread inside the namespace open as `namespace`, and waits for it.
    ///
    /// What `body` opens (sockets, files of /proc/sys/net) belongs to that namespace for good, wherever it is used later.
    /// - Parameter kind: the `CLONE_NEW…` flag of the namespace.
    package static func run<Value: Sendable>(
        in namespace: OwnedDescriptor, kind: CInt = CLONE_NEWNET, _ body: @escaping @Sendable () throws -> Value
    ) throws -> Value {
        try onNewThread {
            try check("setns") { gantry_setns(namespace.raw, kind) }
            return try body()
        }
    }

    /// Moves the calling thread, and it alone, into a network namespace. Only for threads that stay there.
    package static func enter(_ namespace: OwnedDescriptor) throws(SystemError) {
        try check("setns") { gantry_setns(namespace.raw, CLONE_NEWNET) }
    }

    /// Runs `body` on a new thread and waits for it: the thread's namespaces and credentials may be changed and end with it.
    package static func onNewThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
        let work = Work(body)
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { raw in
                Unmanaged<AnyWork>.fromOpaque(raw!).takeRetainedValue().perform()
                return nil
            }, Unmanaged<AnyWork>.passRetained(work).toOpaque())
        guard code == 0 else {
            Unmanaged<AnyWork>.passUnretained(work).release()
            throw SystemError("pthread_create", errno: code)
        }
        pthread_join(thread, nil)
        return try work.result!.get()
    }

    private class AnyWork {
        func perform() {}
    }

    private final class Work<Value>: AnyWork {
        let body: () throws -> Value
        var result: Result<Value, any Error>?

        init(_ body: @escaping () throws -> Value) { self.body = body }
        override func perform() { result = Result { try body() } }
    }
}

/// A new, empty network namespace; it lives as long as the descriptor or a process in it.
package func makeNetworkNamespace() throws -> OwnedDescriptor {
    try NamespaceThread.onNewThread {
        try check("unshare", "network") { gantry_unshare(CLONE_NEWNET) }
        return try OwnedDescriptor.open("/proc/thread-self/ns/net", O_RDONLY)
    }
}

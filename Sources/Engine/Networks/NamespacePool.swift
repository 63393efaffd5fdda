import LinuxSystem
import Networks

/// Keeps a few network namespaces ready, so that no start waits for the kernel to make one. What is not taken goes with the daemon.
actor NamespacePool {
    private var ready: [OwnedDescriptor] = []
    private var filling: Task<Void, Never>?
    private let size: Int

    /// - Parameter size: how many are kept; each costs the kernel some 100 KiB.
    init(size: Int = 4) { self.size = size }

    /// An empty namespace whose loopback is up.
    func take() async throws -> OwnedDescriptor {
        if let namespace = ready.popLast() { return namespace }
        return try await Self.make()
    }

    /// Makes anew what was taken, in the background: to be called when nothing waits for the kernel any more.
    func refill() {
        // Lives until the pool is full again, and with the daemon at the longest.
        if filling == nil { filling = Task { await fill() } }
    }

    private func fill() async {
        // One that cannot be made ahead is made when it is needed, where the reason can be told.
        while ready.count < size, let namespace = try? await Self.make() { ready.append(namespace) }
        filling = nil
    }

    private static func make() async throws -> OwnedDescriptor {
        try await BlockingWork.run {
            let namespace = try makeNetworkNamespace()
            try NetworkController.raiseLoopback(in: namespace)
            return namespace
        }
    }
}

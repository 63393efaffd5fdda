internal import LinuxSystem
internal import NIOCore
internal import NIOPosix
internal import Netlink
internal import Synchronization

/// Deletes links where nobody waits for it: the kernel takes some milliseconds for each.
final class LinkReaper: Sendable {
    /// One thread, in the network namespace of the links.
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let socket = Mutex<RouteSocket?>(nil)

    func start() async throws {
        try await group.next().submit { try self.socket.withLock { $0 = try RouteSocket() } }.get()
    }

    /// - Parameter done: called on the reaper's thread; a link that is gone already counts as deleted.
    func delete(_ name: String, done: @escaping @Sendable (Result<Void, any Error>) -> Void) {
        group.next().submit { try self.socket.withLock { _ = try $0?.deleteLink(named: name) } }.whenComplete(done)
    }

    /// Returns when everything that was asked for is done.
    func stop() async throws {
        try await group.next().submit {}.get()
        try await group.shutdownGracefully()
    }
}

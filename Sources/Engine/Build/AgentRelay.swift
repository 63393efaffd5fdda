import CLinux
import Essentials
import LinuxSystem
import Synchronization

/// A socket for the processes of one RUN whose connections go to an ssh agent of the client's.
///
/// Each connection has two threads, which end with it; ``stop()`` ends them all.
final class AgentRelay: Sendable {
    private let listener: OwnedDescriptor
    private let stopper: (read: OwnedDescriptor, write: OwnedDescriptor)
    private let agent: OwnedDescriptor
    private let open = Mutex<[OwnedDescriptor]>([])

    /// - Parameters:
    ///   - path: where the socket is made, absolute.
    ///   - agent: the agent's socket, opened with O_PATH.
    init(path: String, agent: OwnedDescriptor, mode: UInt32, userID: UInt32, groupID: UInt32) throws {
        // A socket's address has room for 107 bytes; through an open directory any path is short.
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        let folder = try OwnedDescriptor.open(String(path[..<slash]), O_PATH | O_DIRECTORY)
        let raw = gantry_listen_unix("\(folder.procPath)\(path[slash...])")
        guard raw >= 0 else { throw SystemError.last("bind", path) }
        listener = OwnedDescriptor(raw)
        var ends: [CInt] = [-1, -1]
        try LinuxSystem.check("pipe2") { pipe2(&ends, O_CLOEXEC) }
        stopper = (OwnedDescriptor(ends[0]), OwnedDescriptor(ends[1]))
        self.agent = agent
        try LinuxSystem.check("chown", path) { chown(path, userID, groupID) }
        try LinuxSystem.check("chmod", path) { chmod(path, mode) }
        Self.thread { [self] in accept() }
    }

    /// Ends the listening and every connection.
    func stop() {
        // One byte wakes the listening thread; it cannot fail while we hold the reading end.
        _ = try? stopper.write.writeAll([0])
        for connection in open.withLock({ $0 }) { shutdown(connection.raw, CInt(SHUT_RDWR)) }
    }

    private func accept() {
        while true {
            var waiting = [
                pollfd(fd: listener.raw, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stopper.read.raw, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&waiting, 2, -1) >= 0 || gantry_errno() == EINTR else { return }
            if waiting[1].revents != 0 { return }
            guard waiting[0].revents != 0 else { continue }
            let raw = gantry_accept(listener.raw)
            guard raw >= 0 else { continue }
            serve(OwnedDescriptor(raw))
        }
    }

    private func serve(_ client: OwnedDescriptor) {
        let raw = gantry_connect_unix(agent.procPath)
        // An agent that is gone: the client sees its connection end.
        guard raw >= 0 else { return }
        let server = OwnedDescriptor(raw)
        open.withLock { $0 += [client, server] }
        Self.thread { Self.pump(client, server) }
        Self.thread { [self] in
            Self.pump(server, client)
            open.withLock { $0.removeAll { $0 === client || $0 === server } }
        }
    }

    /// Until one side ends.
    private static func pump(_ from: OwnedDescriptor, _ to: OwnedDescriptor) {
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            var waiting = pollfd(fd: from.raw, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, -1) > 0 || gantry_errno() == EINTR else { break }
            let count = gantry_receive(from.raw, &buffer, buffer.count, 1)
            if count < 0, gantry_errno() == EAGAIN || gantry_errno() == EINTR { continue }
            guard count > 0, send(buffer[..<Int(count)], to) else { break }
        }
        shutdown(to.raw, CInt(SHUT_WR))
    }

    private static func send(_ bytes: ArraySlice<UInt8>, _ to: OwnedDescriptor) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { gantry_send(to.raw, $0.baseAddress, $0.count, 1) }
            if count > 0 {
                rest = rest.dropFirst(Int(count))
            } else if gantry_errno() == EAGAIN {
                var waiting = pollfd(fd: to.raw, events: Int16(POLLOUT), revents: 0)
                guard poll(&waiting, 1, -1) >= 0 else { return false }
            } else if gantry_errno() != EINTR {
                return false
            }
        }
        return true
    }

    private static func thread(_ body: @escaping @Sendable () -> Void) {
        // A thread of its own, which ends with the connection or with `stop()`.
        Task.detached { try await BlockingWork.run { body() } }
    }
}

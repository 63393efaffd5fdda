import CLinux
import Glibc
import NIOPosix

/// A plain connection that fails rather than waits for ever. It blocks threads of its own, not those that the server needs.
final class RawClient: Sendable {
    private let descriptor: Int32

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init(unix path: String) throws {
        descriptor = gantry_connect_unix(path)
        guard descriptor >= 0 else { throw Failure(description: "connect: \(errno)") }
        let flags = fcntl(descriptor, F_GETFL)
        _ = fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK)
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) async throws {
        try await NIOThreadPool.singleton.runIfActive { try self.sendBlocking(bytes) }
    }

    private func sendBlocking(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Failure(description: "send: \(errno)") }
            sent += count
        }
    }

    /// Ends our side only.
    func closeOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Some bytes, empty at the end.
    func receive() async throws -> [UInt8] {
        try await NIOThreadPool.singleton.runIfActive { try self.receiveBlocking() }
    }

    private func receiveBlocking() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count >= 0 else { throw Failure(description: "recv: \(errno)") }
        return Array(buffer.prefix(count))
    }

    /// Everything up to the end of the connection.
    func receiveAll() async throws -> String {
        var all: [UInt8] = []
        while true {
            let piece = try await receive()
            if piece.isEmpty { return String(decoding: all, as: UTF8.self) }
            all += piece
        }
    }

    /// Until what came contains `mark`.
    func receive(until mark: String) async throws -> String {
        var all = ""
        while !all.contains(mark) {
            let piece = try await receive()
            guard !piece.isEmpty else { throw Failure(description: "the connection ended after: \(all)") }
            all += String(decoding: piece, as: UTF8.self)
        }
        return all
    }
}

import DockerServer
import Essentials
import Glibc
import Logging
import NIOCore
import Synchronization

/// A server with a table of routes on a socket of its own, for the time of one closure.
enum TestServer {
    static func with(_ routes: [Route], _ body: @escaping @Sendable (String) async throws -> Void) async throws {
        let path = "/tmp/gantry-test-\(Identifier.randomHex(bytes: 8))/docker.sock"
        defer { rmdir(String(path.dropLast("/docker.sock".count))) }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let router = Router(routes: routes, serverVersion: "9.9", logger: logger)
        let (listening, ready) = AsyncStream.makeStream(of: Void.self)
        let server = DockerServer(listeners: [.init(.unix(path: path))], responder: router, logger: logger) { _ in ready.finish() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { ready.finish() }
                try await server.run()
            }
            for await _ in listening {}
            defer { group.cancelAll() }
            try await body(path)
        }
    }
}

/// A one-time event that tests wait for.
final class Signal: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream(of: Void.self) }

    func fire() { continuation.finish() }

    func wait() async { for await _ in stream {} }
}

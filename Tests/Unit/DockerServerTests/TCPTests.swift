import DockerServer
import Essentials
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import Testing

/// TCP with and without TLS on loopback.
@Suite struct TCPTests {
    private let routes = [
        Route("GET", "/_ping") { _ in Reply(status: 200, body: .whole(Array("OK".utf8))) },
        Route("POST", "/attach") { _ in
            let hijack = Hijack(contentType: "x", sendsHeaders: false) { connection in
                try await connection.write(try await connection.read() ?? [])
            }
            return Reply(status: 200, body: .hijack(hijack))
        },
    ]

    /// What the server sends for `request` until it ends the connection.
    private func exchange(_ request: String, tls: Bool) async throws -> String {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let files = try CertificateFiles()
        defer { files.remove() }
        let context = tls ? try TLSContext(certificateFile: files.certificate, keyFile: files.key) : nil
        let port = Mutex(0)
        let ready = Signal()
        let server = DockerServer(
            listeners: [.init(.tcp(host: "127.0.0.1", port: 0), tls: context)],
            responder: Router(routes: routes, serverVersion: "9.9", logger: logger), logger: logger
        ) { address in
            if case .tcp(_, let number) = address { port.withLock { $0 = number } }
            ready.fire()
        }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { ready.fire() }
                try await server.run()
            }
            await ready.wait()
            defer { group.cancelAll() }
            return try await talk(to: port.withLock { $0 }, request, certificate: tls ? files.certificate : nil)
        }
    }

    private func talk(to port: Int, _ request: String, certificate: String?) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let certificate {
                        var configuration = TLSConfiguration.makeClientConfiguration()
                        configuration.trustRoots = .file(certificate)
                        let context = try NIOSSLContext(configuration: configuration)
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: context, serverHostname: "localhost"))
                    }
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var text = ""
            for try await piece in inbound { text += String(buffer: piece) }
            return text
        }
    }

    @Test(arguments: [false, true])
    func answers(tls: Bool) async throws {
        let text = try await exchange("GET /_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n", tls: tls)
        #expect(text.hasPrefix("HTTP/1.1 200 OK"))
        #expect(text.hasSuffix("\r\n\r\nOK"))
    }

    @Test(arguments: [false, true])
    func hijack(tls: Bool) async throws {
        let text = try await exchange(
            "POST /attach HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello", tls: tls)
        #expect(text.hasPrefix("HTTP/1.1 101 UPGRADED"))
        #expect(text.hasSuffix("\r\n\r\nhello"))
    }

    @Test func unusableCertificatesAreRefused() throws {
        let files = try CertificateFiles()
        defer { files.remove() }
        let error = #expect(throws: GantryError.self) { try TLSContext(certificateFile: files.key, keyFile: files.certificate) }
        #expect(error?.kind == .invalid)
    }
}

import Glibc
import NIOCore
import NIOPosix

/// A server on a unix socket that does with each connection what a test says.
struct ScriptedServer: Sendable {
    /// What a test sees of one connection.
    struct Peer {
        var reader: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
        let writer: NIOAsyncChannelOutboundWriter<ByteBuffer>
        var received = ""

        /// Reads until everything that came so far contains `text`; returns it all.
        mutating func read(until text: String) async throws -> String {
            while !received.contains(text) {
                guard let bytes = try await reader.next() else { break }
                received += String(buffer: bytes)
            }
            return received
        }

        /// Reads to the end of the client's direction.
        mutating func readAll() async throws -> String {
            while let bytes = try await reader.next() { received += String(buffer: bytes) }
            return received
        }

        func send(_ text: String) async throws { try await writer.write(ByteBuffer(string: text)) }
    }

    let path: String

    /// Serves while `test` runs.
    static func run(
        _ script: @escaping @Sendable (inout Peer) async throws -> Void, test: (ScriptedServer) async throws -> Void
    ) async throws {
        let path = "/tmp/engine-client-\(UInt64.random(in: 0 ... .max)).sock"
        let group = MultiThreadedEventLoopGroup.singleton
        let server = try await ServerBootstrap(group: group)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
        defer { unlink(path) }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                try await server.executeThenClose { connections in
                    for try await connection in connections {
                        try await connection.executeThenClose { inbound, outbound in
                            var peer = Peer(reader: inbound.makeAsyncIterator(), writer: outbound)
                            try await script(&peer)
                        }
                    }
                }
            }
            try await test(ScriptedServer(path: path))
            tasks.cancelAll()
        }
    }
}

import DockerAPI
import Essentials
import NIOCore

/// Raw bytes both ways after an upgrade: attach and exec. One reader, one writer.
package actor HijackedConnection {
    private let connection: Connection
    private var leftover: [UInt8]
    /// True when output comes in frames (no terminal). Nil when the daemon did not say.
    package nonisolated let multiplexed: Bool?

    init(_ connection: Connection, leftover: [UInt8], contentType: String?) {
        self.connection = connection
        self.leftover = leftover
        multiplexed =
            switch contentType {
            case "application/vnd.docker.multiplexed-stream": true
            case "application/vnd.docker.raw-stream": false
            default: nil
            }
    }

    deinit { connection.close() }

    /// The next bytes; nil at the end of the daemon's direction.
    package func read() async throws -> [UInt8]? {
        if !leftover.isEmpty {
            defer { leftover = [] }
            return leftover
        }
        do { return try await connection.read().map { Array($0.readableBytesView) } } catch {
            if Task.isCancelled { throw CancellationError() }
            throw GantryError(.unavailable, "lost the connection to the daemon", cause: error)
        }
    }

    package nonisolated func write(_ bytes: [UInt8]) async throws {
        do { try await connection.write(ByteBuffer(bytes: bytes)) } catch {
            throw GantryError(.unavailable, "lost the connection to the daemon", cause: error)
        }
    }

    /// Ends our direction: the container's input is at its end. Output goes on.
    package nonisolated func closeWrite() async throws { try await connection.closeOutput() }

    package nonisolated func close() { connection.close() }
}

internal import CLinux
internal import Essentials
internal import LinuxSystem
internal import ShimProtocol

/// A connection to a process's standard streams. One reader and one writer at a time.
package final class AttachedStreams: Sendable {
    private let connection: ShimConnection

    init(_ connection: ShimConnection) { self.connection = connection }

    /// The next piece of output; nil when the process has ended and all its output was given, or after ``close()``.
    package func next() async throws -> (stream: StreamKind, bytes: [UInt8])? {
        while let (kind, payload) = try await connection.next() {
            switch kind {
            case .stdout: return (.stdout, payload)
            case .stderr: return (.stderr, payload)
            case .exited: return nil
            default: continue
            }
        }
        return nil
    }

    /// Sends standard input; waits while the process does not read. Input for a process that has ended is dropped.
    package func write(_ bytes: [UInt8]) async throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Frame.maximumPayload)
            do { try await connection.send(.stdin, Array(piece)) } catch let error as SystemError
                where error.errno == EPIPE || error.errno == ECONNRESET
            {
                return
            }
            rest = rest.dropFirst(piece.count)
        }
    }

    /// The end of this side's input.
    package func closeInput() async throws {
        do { try await connection.send(.closeStdin) } catch let error as SystemError
            where error.errno == EPIPE || error.errno == ECONNRESET
        {}
    }

    /// Leaves; the process goes on.
    package func close() { connection.shutDown() }
}

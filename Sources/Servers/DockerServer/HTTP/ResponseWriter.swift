internal import Essentials
internal import NIOCore
internal import Synchronization

/// Writes one response onto a connection: whole, in pieces, or as the start of another protocol.
package final class ResponseWriter: Sendable {
    private struct State {
        var started = false
        /// Announced as chunked; else the end of the connection is the end of the body.
        var chunked = false
        var finished = false
    }

    private let stream: SocketStream
    /// Neither HEAD nor a status without a body may send one.
    private let isHead: Bool
    private let minorVersion: Int
    private let keepsAlive: Bool
    private let state = Mutex(State())

    package init(stream: SocketStream, request: RequestHead) {
        self.stream = stream
        isHead = request.method == "HEAD"
        minorVersion = request.minorVersion
        keepsAlive = request.keepsAlive
    }

    package var hasStarted: Bool { state.withLock(\.started) }

    /// The connection can serve another request: the response ended and its end was visible to the client.
    package var leavesConnectionUsable: Bool {
        state.withLock { $0.finished && keepsAlive && (minorVersion > 0 || !$0.chunked) }
    }

    /// A response with all of its body.
    package func send(_ head: ResponseHead, body: [UInt8]) async throws {
        var head = head
        head.headers.append(("Date", HTTPDate.now()))
        if head.status != 204 && head.status != 304 { head.headers.append(("Content-Length", String(body.count))) }
        addConnection(to: &head)
        var bytes = head.serialized(minorVersion: minorVersion)
        if !isHead && head.status != 204 && head.status != 304 { bytes.writeBytes(body) }
        state.withLock { state in
            state.started = true
            state.finished = true
        }
        try await stream.write(bytes)
    }

    /// The head of a response whose body comes in pieces.
    package func start(_ head: ResponseHead, first: [UInt8] = []) async throws {
        var head = head
        head.headers.append(("Date", HTTPDate.now()))
        if minorVersion > 0 {
            head.headers.append(("Transfer-Encoding", "chunked"))
            addConnection(to: &head)
        }
        state.withLock { state in
            state.started = true
            state.chunked = true
        }
        var bytes = head.serialized(minorVersion: minorVersion)
        if !first.isEmpty { bytes.writeImmutableBuffer(piece(first)) }
        try await stream.write(bytes)
    }

    /// A piece of the body, sent at once as a chunk of its own.
    package func write(_ bytes: [UInt8]) async throws {
        guard !bytes.isEmpty, !isHead else { return }
        try await stream.write(piece(bytes))
    }

    /// The proper end of a body in pieces. Without it the client sees a response that was cut off.
    package func finish() async throws {
        if minorVersion > 0 && !isHead { try await stream.write(ByteBuffer(string: "0\r\n\r\n")) }
        state.withLock { $0.finished = true }
    }

    /// A head after which the connection belongs to another protocol: nothing is added.
    package func startRaw(_ head: ResponseHead) async throws {
        state.withLock { $0.started = true }
        try await stream.write(head.serialized(minorVersion: minorVersion))
    }

    private func piece(_ bytes: [UInt8]) -> ByteBuffer {
        if isHead { return ByteBuffer() }
        guard minorVersion > 0 else { return ByteBuffer(bytes: bytes) }
        var buffer = ByteBuffer(string: String(bytes.count, radix: 16) + "\r\n")
        buffer.writeBytes(bytes)
        buffer.writeString("\r\n")
        return buffer
    }

    private func addConnection(to head: inout ResponseHead) {
        if minorVersion > 0 && !keepsAlive { head.headers.append(("Connection", "close")) }
        if minorVersion == 0 && keepsAlive { head.headers.append(("Connection", "keep-alive")) }
    }
}

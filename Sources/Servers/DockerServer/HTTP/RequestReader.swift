package import NIOCore
internal import Synchronization

/// Reads requests and their bodies off a connection, and raw bytes after a switch of protocols.
package final class RequestReader: Sendable {
    private struct State {
        var buffer = ByteBuffer()
        var parser: RequestParser
        /// `100 Continue` is due before the body is read.
        var owesContinue = false
    }

    let stream: SocketStream
    private let state: Mutex<State>

    package init(stream: SocketStream, maximumHeadBytes: Int = 1 << 20) {
        self.stream = stream
        state = Mutex(State(parser: RequestParser(maximumHeadBytes: maximumHeadBytes)))
    }

    /// The next request, or nil when the peer sends none or the server goes down.
    /// - Throws: `MalformedRequest`.
    package func nextHead() async throws -> RequestHead? {
        while true {
            let head = try state.withLock { state -> RequestHead? in
                let head = try state.parser.head(from: &state.buffer)
                state.owesContinue = head?.expectsContinue ?? false
                return head
            }
            if let head { return head }
            guard let chunk = try await nextWhileIdle() else { return nil }
            append(chunk)
        }
    }

    /// The next bytes of the body, nil at its end.
    /// - Throws: `MalformedRequest`, also when the peer stops in the middle.
    package func nextBody() async throws -> ByteBuffer? {
        while true {
            let piece = try state.withLock { state in try state.parser.body(from: &state.buffer) }
            switch piece {
            case .bytes(let bytes): return bytes
            case .end: return nil
            case .needsMore: break
            }
            if state.withLock({ state in
                defer { state.owesContinue = false }
                return state.owesContinue
            }) {
                try await stream.write(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n"))
            }
            guard let chunk = try await stream.next() else { throw MalformedRequest.detail("unexpected EOF") }
            append(chunk)
        }
    }

    /// Reads and drops the rest of the body.
    /// - Returns: whether the end was reached within `limit` bytes; false too when the peer still waits for `100 Continue`.
    package func skipBody(limit: Int) async -> Bool {
        if state.withLock({ $0.parser.isAtEnd }) { return true }
        if state.withLock({ $0.owesContinue }) { return false }
        var skipped = 0
        while skipped <= limit {
            do {
                guard let piece = try await nextBody() else { return true }
                skipped += piece.readableBytes
            } catch {
                return false
            }
        }
        return false
    }

    /// Bytes after the request, of another protocol; nil when the peer will send no more.
    package func nextRaw() async throws -> ByteBuffer? {
        let waiting = state.withLock { state in
            defer { state.buffer = ByteBuffer() }
            return state.buffer
        }
        return waiting.readableBytes > 0 ? waiting : try await stream.next()
    }

    private func append(_ chunk: ByteBuffer) {
        state.withLock { state in
            var chunk = chunk
            if state.buffer.readableBytes == 0 { state.buffer = chunk } else { state.buffer.writeBuffer(&chunk) }
        }
    }

    /// Between requests: a server that goes down need not wait for another one.
    private func nextWhileIdle() async throws -> ByteBuffer? {
        try await withThrowingTaskGroup(of: ByteBuffer?.self) { group in
            group.addTask { [stream] in try await stream.next() }
            group.addTask { [stream] in
                await stream.wait(for: .gone)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}

internal import NIOCore

/// What a route answers. Failures before it are errors with a status; failures within a stream come too late for one.
package struct Reply: Sendable {
    package enum Body: Sendable {
        case whole([UInt8])
        case stream(BodyStream)
        case hijack(Hijack)
    }

    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: Body

    package init(status: Int, headers: [(name: String, value: String)] = [], body: Body = .whole([])) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// A body that comes in pieces.
package struct BodyStream: Sendable {
    /// Send the head before the first piece is there; else a failure before the first piece still gets a proper status.
    package var early: Bool
    /// The last piece of a stream that failed; nil: the stream is cut off.
    package var failureLine: (@Sendable (any Error) -> [UInt8])?
    package var produce: @Sendable (@escaping BodySink) async throws -> Void
}

/// Sends a piece of a body at once, and comes back when the client has room for more.
package typealias BodySink = @Sendable ([UInt8]) async throws -> Void

/// A connection that turns into raw bytes both ways. Source: Engine API, ContainerAttach, "Hijacking".
package struct Hijack: Sendable {
    /// For clients that ask for an upgrade; others are always told of a raw stream.
    package var contentType: String
    /// The API's headers are sent too (exec, but not attach).
    package var sendsHeaders: Bool
    /// In place of the usual head.
    var head: ResponseHead?
    package var run: @Sendable (RawConnection) async throws -> Void

    package init(contentType: String, sendsHeaders: Bool, run: @escaping @Sendable (RawConnection) async throws -> Void) {
        self.contentType = contentType
        self.sendsHeaders = sendsHeaders
        self.run = run
    }
}

/// The raw bytes of a hijacked connection.
package struct RawConnection: Sendable {
    let stream: SocketStream
    let reader: RequestReader

    /// nil when the client closed its writing side.
    package func read() async throws -> [UInt8]? {
        try await reader.nextRaw().map { Array($0.readableBytesView) }
    }

    package func write(_ bytes: [UInt8]) async throws {
        try await stream.write(ByteBuffer(bytes: bytes))
    }
}

internal import Essentials
package import Logging
internal import NIOCore

/// Answers requests. Finding the route comes first, because it decides what a client that goes away means for it.
package protocol Responder: Sendable {
    func accept(_ head: RequestHead, body: RequestBody) -> AcceptedRequest
}

/// A request with its route found, or with the answer that there is none.
package struct AcceptedRequest: Sendable {
    /// The work ends when the client leaves.
    package var endsWithClient: Bool
    package var answer: @Sendable () async -> Reply
    /// The answer for a failure that came before the first byte.
    package var failure: @Sendable (any Error) -> Reply
}

/// Serves one connection: request after request, until one side ends it or it turns into raw bytes.
package struct HTTPConnection: Sendable {
    private let stream: SocketStream
    private let reader: RequestReader
    private let responder: any Responder
    private let logger: Logger
    /// A rest of a body that nobody read is read and dropped up to here, to keep the connection.
    private static let skippedBytes = 256 * 1024

    package init(stream: SocketStream, responder: any Responder, logger: Logger) {
        self.stream = stream
        self.responder = responder
        self.logger = logger
        reader = RequestReader(stream: stream)
    }

    package func serve() async {
        do {
            while let head = try await reader.nextHead() {
                guard try await answer(head), !stream.isQuiescing else { break }
            }
        } catch let malformed as MalformedRequest {
            await refuse(malformed)
        } catch {
            logger.debug("connection ended", metadata: ["error": "\(error)"])
        }
        await end()
    }

    /// - Returns: whether the connection can serve another request.
    private func answer(_ head: RequestHead) async throws -> Bool {
        let request = responder.accept(head, body: RequestBody(reader: reader))
        let writer = ResponseWriter(stream: stream, request: head)
        if request.endsWithClient {
            try await untilPeer(.left) { try await respond(head, request, writer) }
        } else {
            try await respond(head, request, writer)
        }
        guard writer.leavesConnectionUsable else { return false }
        return await reader.skipBody(limit: Self.skippedBytes)
    }

    private func respond(_ head: RequestHead, _ request: AcceptedRequest, _ writer: ResponseWriter) async throws {
        let reply = await request.answer()
        switch reply.body {
        case .whole(let bytes):
            try await writer.send(ResponseHead(status: reply.status, headers: reply.headers), body: bytes)
        case .stream(let body):
            try await send(body, of: reply, request, writer)
        case .hijack(let hijack):
            try await run(hijack, head, reply, writer)
        }
    }

    private func send(_ body: BodyStream, of reply: Reply, _ request: AcceptedRequest, _ writer: ResponseWriter) async throws {
        let head = ResponseHead(status: reply.status, headers: reply.headers)
        if body.early { try await writer.start(head) }
        do {
            try await body.produce { piece in
                if writer.hasStarted { try await writer.write(piece) } else { try await writer.start(head, first: piece) }
            }
        } catch let error where !writer.hasStarted {
            if error is CancellationError { throw error }
            let failure = request.failure(error)
            guard case .whole(let bytes) = failure.body else { throw error }
            return try await writer.send(ResponseHead(status: failure.status, headers: failure.headers), body: bytes)
        } catch {
            guard let failureLine = body.failureLine, !(error is CancellationError) else { throw error }
            try await writer.write(failureLine(error))
        }
        if !writer.hasStarted { try await writer.start(head) }
        try await writer.finish()
    }

    private func run(_ hijack: Hijack, _ head: RequestHead, _ reply: Reply, _ writer: ResponseWriter) async throws {
        var response: ResponseHead
        if let own = hijack.head {
            response = own
        } else if let upgrade = head.upgradeProtocol {
            response = ResponseHead(
                status: 101, headers: [("Content-Type", hijack.contentType), ("Connection", "Upgrade"), ("Upgrade", upgrade)])
        } else {
            response = ResponseHead(status: 200, headers: [("Content-Type", "application/vnd.docker.raw-stream")])
        }
        if hijack.sendsHeaders { response.headers += reply.headers }
        try await writer.startRaw(response)
        let connection = RawConnection(stream: stream, reader: reader)
        try await untilPeer(.gone) { try await hijack.run(connection) }
    }

    /// Runs `work` and cancels it when the peer leaves first.
    private func untilPeer(_ watch: SocketStream.Watch, _ work: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await work()
                return true
            }
            group.addTask { [stream] in
                await stream.wait(for: watch)
                return false
            }
            defer { group.cancelAll() }
            while let finished = try await group.next() {
                if finished { return }
                group.cancelAll()
            }
        }
    }

    private func refuse(_ malformed: MalformedRequest) async {
        let head = ResponseHead(
            status: malformed.status, reason: malformed.reason,
            headers: [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")])
        var bytes = head.serialized(minorVersion: 1)
        bytes.writeString("\(malformed.status) \(malformed.reason)")
        // Fails when the peer is gone, to whom there is nothing to say then.
        try? await stream.write(bytes)
    }

    /// Ends our side first and drops what still comes, so that a client that is still sending gets to read its answer.
    private func end() async {
        await stream.closeOutput()
        if !stream.isGone && !stream.isQuiescing {
            let patience = stream.channel.eventLoop.scheduleTask(in: .seconds(5)) { [channel = stream.channel] in
                channel.close(promise: nil)
            }
            while let dropped = try? await stream.next(), dropped.readableBytes > 0 {}
            patience.cancel()
        }
        await stream.close()
    }
}

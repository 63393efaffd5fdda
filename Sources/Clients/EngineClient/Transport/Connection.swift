import NIOCore
import NIOPosix

/// One connection, read on demand: the peer is slowed down when nobody reads.
///
/// Closing is idempotent; a cancelled read closes the connection.
final class Connection: Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<ReadingHandler>

    private init(_ channel: any Channel, _ handler: NIOLoopBound<ReadingHandler>) {
        self.channel = channel
        self.handler = handler
    }

    /// Connects within ten seconds.
    static func open(
        _ address: EngineAddress, on group: any EventLoopGroup, security: (any ConnectionSecurity)?
    ) async throws -> Connection {
        let bootstrap = ClientBootstrap(group: group)
            .channelOption(.autoRead, value: false)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connectTimeout(.seconds(10))
        let initialize: @Sendable (any Channel) -> EventLoopFuture<Connection> = { channel in
            channel.eventLoop.makeCompletedFuture {
                try security?.secure(channel)
                let handler = ReadingHandler()
                try channel.pipeline.syncOperations.addHandler(handler)
                return Connection(channel, NIOLoopBound(handler, eventLoop: channel.eventLoop))
            }
        }
        switch address {
        case .unix(let path): return try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: initialize)
        case .tcp(let host, let port):
            return try await bootstrap.channelOption(.socketOption(.tcp_nodelay), value: 1)
                .connect(host: host, port: port, channelInitializer: initialize)
        }
    }

    /// The next bytes; nil at the end of the stream.
    func read() async throws -> ByteBuffer? {
        try await withTaskCancellationHandler {
            try await channel.eventLoop.flatSubmit { self.handler.value.next() }.get()
        } onCancel: {
            close()
        }
    }

    /// Writes and waits until the bytes are on their way.
    func write(_ bytes: ByteBuffer) async throws {
        try await channel.writeAndFlush(bytes)
    }

    /// Ends our direction; the peer's goes on.
    func closeOutput() async throws {
        do { try await channel.close(mode: .output) } catch ChannelError.outputClosed, ChannelError.alreadyClosed {
            // It was closed before, by us or with the connection: what was asked for is so.
        }
    }

    func close() { channel.close(promise: nil) }
}

/// Adds encryption to a fresh connection.
protocol ConnectionSecurity: Sendable {
    func secure(_ channel: any Channel) throws
}

/// Hands out what arrives, one read at a time.
private final class ReadingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var context: ChannelHandlerContext?
    private var received = CircularBuffer<ByteBuffer>()
    private var ended = false
    private var failure: (any Error)?
    private var waiting: EventLoopPromise<ByteBuffer?>?

    func next() -> EventLoopFuture<ByteBuffer?> {
        guard let context else {
            let loop = MultiThreadedEventLoopGroup.currentEventLoop!
            if let buffer = received.popFirst() { return loop.makeSucceededFuture(buffer) }
            if let failure { return loop.makeFailedFuture(failure) }
            return loop.makeSucceededFuture(nil)
        }
        if let buffer = received.popFirst() { return context.eventLoop.makeSucceededFuture(buffer) }
        if let failure { return context.eventLoop.makeFailedFuture(failure) }
        if ended { return context.eventLoop.makeSucceededFuture(nil) }
        let promise = context.eventLoop.makePromise(of: ByteBuffer?.self)
        waiting = promise
        context.read()
        return promise.futureResult
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        finish()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        if let promise = waiting {
            waiting = nil
            promise.succeed(buffer)
        } else {
            received.append(buffer)
        }
    }

    /// A read that brought nothing (part of a TLS record) must be asked for again.
    func channelReadComplete(context: ChannelHandlerContext) {
        if waiting != nil { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { finish() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) { finish() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if failure == nil { failure = error }
        if let promise = waiting {
            waiting = nil
            promise.fail(error)
        }
        context.close(promise: nil)
    }

    private func finish() {
        ended = true
        if let promise = waiting {
            waiting = nil
            promise.succeed(nil)
        }
    }
}

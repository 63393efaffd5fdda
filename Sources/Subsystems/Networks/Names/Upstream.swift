internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Passes questions to other name servers from the host, so that one on the host's loopback works for containers too.
final class Upstream: Sendable {
    /// At most so many servers are asked, each so long (`oci.md` §7).
    private static let maximumServers = 3
    private static let patience = TimeAmount.seconds(4)
    private static let maximumInFlight = 1024

    private let servers: [SocketAddress]
    private let inFlight = Mutex(0)

    init(servers: [String], port: Int = 53) {
        self.servers = servers.prefix(Self.maximumServers).compactMap { try? SocketAddress(ipAddress: $0, port: port) }
    }

    /// - Returns: the answer as it came, or nil when no server gave one.
    func ask(_ query: ByteBuffer, id: UInt16, stream: Bool, on loop: any EventLoop) -> EventLoopFuture<ByteBuffer?> {
        let admitted = inFlight.withLock { count in
            guard count < Self.maximumInFlight else { return false }
            count += 1
            return true
        }
        guard admitted else { return loop.makeSucceededFuture(nil) }
        let answer = ask(query, id: id, stream: stream, on: loop, servers: servers[...])
        answer.whenComplete { [self] _ in inFlight.withLock { $0 -= 1 } }
        return answer
    }

    private func ask(
        _ query: ByteBuffer, id: UInt16, stream: Bool, on loop: any EventLoop, servers: ArraySlice<SocketAddress>
    ) -> EventLoopFuture<ByteBuffer?> {
        guard let server = servers.first else { return loop.makeSucceededFuture(nil) }
        let promise = loop.makePromise(of: ByteBuffer?.self)
        let connection = stream ? connectStream(server, id, promise) : connectDatagram(server, id, promise)
        let deadline = loop.scheduleTask(in: Self.patience) { promise.succeed(nil) }
        connection.whenFailure { _ in promise.succeed(nil) }
        connection.whenSuccess { channel in
            channel.writeAndFlush(stream ? Self.framed(query) : query).whenFailure { _ in promise.succeed(nil) }
            promise.futureResult.whenComplete { _ in channel.close(promise: nil) }
        }
        promise.futureResult.whenComplete { _ in deadline.cancel() }
        return promise.futureResult.flatMap { [self] answer in
            if let answer { return loop.makeSucceededFuture(answer) }
            return ask(query, id: id, stream: stream, on: loop, servers: servers.dropFirst())
        }

        func connectStream(
            _ server: SocketAddress, _ id: UInt16, _ promise: EventLoopPromise<ByteBuffer?>
        ) -> EventLoopFuture<any Channel> {
            ClientBootstrap(group: loop).connectTimeout(Self.patience)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(AnswerHandler(id: id, framed: true, promise: promise))
                    }
                }
                .connect(to: server)
        }
        func connectDatagram(
            _ server: SocketAddress, _ id: UInt16, _ promise: EventLoopPromise<ByteBuffer?>
        ) -> EventLoopFuture<any Channel> {
            DatagramBootstrap(group: loop)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers(
                            [PlainDatagrams(), AnswerHandler(id: id, framed: false, promise: promise)] as [any ChannelHandler])
                    }
                }
                .connect(to: server)
        }
    }

    /// With two bytes of length in front.
    static func framed(_ message: ByteBuffer) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeInteger(UInt16(truncatingIfNeeded: message.readableBytes))
        bytes.writeImmutableBuffer(message)
        return bytes
    }
}

/// Waits for one answer with the right number.
private final class AnswerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let id: UInt16
    private let framed: Bool
    private let promise: EventLoopPromise<ByteBuffer?>
    private var pending = ByteBuffer()

    init(id: UInt16, framed: Bool, promise: EventLoopPromise<ByteBuffer?>) {
        self.id = id
        self.framed = framed
        self.promise = promise
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        guard framed else { return take(bytes) }
        pending.writeBuffer(&bytes)
        if let message = pending.readLengthPrefixedSlice(as: UInt16.self) { take(message) }
    }

    private func take(_ message: ByteBuffer) {
        guard message.readableBytes >= 12, message.getInteger(at: message.readerIndex, as: UInt16.self) == id else { return }
        promise.succeed(message)
    }

    func channelInactive(context: ChannelHandlerContext) { promise.succeed(nil) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.succeed(nil)
        context.close(promise: nil)
    }
}

/// Strips the sender's address from datagrams of a connected socket, and adds none when writing.
private final class PlainDatagrams: ChannelDuplexHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.fireChannelRead(wrapInboundOut(unwrapInboundIn(data).data))
    }
}

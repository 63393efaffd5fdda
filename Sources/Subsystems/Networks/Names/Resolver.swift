internal import Essentials
internal import LinuxSystem
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import Netlink

/// The name server of one container: sockets on 127.0.0.11:53 inside its namespace, served here.
final class Resolver: Sendable {
    static let address = "127.0.0.11"
    private let channels: [any Channel]

    private init(channels: [any Channel]) { self.channels = channels }

    /// Opens the sockets in `namespace` and serves them.
    static func start(
        container: String, namespace: OwnedDescriptor, names: NameTable, upstream: Upstream, group: any EventLoopGroup
    ) async throws -> Resolver {
        let sockets = try NamespaceThread.run(in: namespace) {
            guard let address = IPAddress(Self.address) else { throw GantryError.internal("`\(Self.address)` is no address") }
            return [
                try BoundSocket.open(address, port: 53, isStream: false), try BoundSocket.open(address, port: 53, isStream: true),
            ]
        }
        let answerer = Answerer(container: container, names: names, upstream: upstream)
        let datagrams = try await DatagramBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(DatagramServer(answerer)) }
            }
            .withBoundSocket(try BoundSocket.handOver(sockets[0])).get()
        do {
            let streams = try await ServerBootstrap(group: group)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers(
                            [IdleStateHandler(readTimeout: .seconds(10)), StreamServer(answerer)] as [any ChannelHandler])
                    }
                }
                .withBoundSocket(try BoundSocket.handOver(sockets[1])).get()
            return Resolver(channels: [datagrams, streams])
        } catch {
            datagrams.close(promise: nil)
            throw error
        }
    }

    func stop() async {
        for channel in channels {
            // Closed already when its namespace has gone: that is what is wanted.
            do { try await channel.close() } catch { continue }
        }
    }
}

/// Decides what a question is answered with.
struct Answerer: Sendable {
    var container: String
    var names: NameTable
    var upstream: Upstream

    /// - Returns: the bytes to send, or nil when the question is to be left unanswered.
    func answer(_ query: ByteBuffer, stream: Bool, on loop: any EventLoop) -> EventLoopFuture<ByteBuffer?> {
        guard let message = DNSMessage(query: query.readableBytesView) else { return loop.makeSucceededFuture(nil) }
        let limit = stream ? 65535 : 512
        func reply(_ code: DNSMessage.ResponseCode, _ answers: [DNSMessage.Answer] = []) -> ByteBuffer {
            ByteBuffer(bytes: message.response(code, answers: answers, limit: limit))
        }
        guard message.operation == 0 else { return loop.makeSucceededFuture(reply(.notImplemented)) }
        let found = names.lookup(message.question, for: container)
        if found.isKnown { return loop.makeSucceededFuture(reply(.noError, found.answers)) }
        guard names.mayForward(container) else { return loop.makeSucceededFuture(reply(.nameError)) }
        let failure = reply(.serverFailure)
        return upstream.ask(query, id: message.id, stream: stream, on: loop).map { $0 ?? failure }
    }
}

private final class DatagramServer: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    private let answerer: Answerer

    init(_ answerer: Answerer) { self.answerer = answerer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        let channel = context.channel
        answerer.answer(envelope.data, stream: false, on: context.eventLoop).whenSuccess { answer in
            guard let answer else { return }
            channel.writeAndFlush(AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: answer), promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The asker has gone; others are still served.
    }
}

/// Questions and answers with two bytes of length before each (RFC 1035 §4.2.2).
private final class StreamServer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let answerer: Answerer
    private var pending = ByteBuffer()

    init(_ answerer: Answerer) { self.answerer = answerer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        pending.writeBuffer(&bytes)
        let channel = context.channel
        while let query = pending.readLengthPrefixedSlice(as: UInt16.self) {
            answerer.answer(query, stream: true, on: context.eventLoop).whenSuccess { answer in
                guard let answer else { return channel.close(promise: nil) }
                channel.writeAndFlush(Upstream.framed(answer), promise: nil)
            }
        }
        pending.discardReadBytes()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

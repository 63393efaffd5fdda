internal import LinuxSystem
internal import NIOCore
internal import NIOPosix
internal import Netlink

/// Passes datagrams from a bound socket to a container and the answers back, one association per sender.
final class DatagramForwarder: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>

    /// After this long without a datagram an association is forgotten.
    private static let idleTime = TimeAmount.seconds(90)
    /// More senders than this at once are not served: their datagrams are dropped, as UDP may.
    private static let maximumAssociations = 4096

    private let target: SocketAddress
    private var associations: [SocketAddress: EventLoopFuture<any Channel>] = [:]

    private init(target: SocketAddress) { self.target = target }

    static func start(_ socket: OwnedDescriptor, target: SocketAddress, group: any EventLoopGroup) async throws -> any Channel {
        try await DatagramBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DatagramForwarder(target: target))
                }
            }
            .withBoundSocket(try BoundSocket.handOver(socket)).get()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        guard let association = association(for: envelope.remoteAddress, context: context) else { return }
        let target = target
        association.whenSuccess { $0.writeAndFlush(AddressedEnvelope(remoteAddress: target, data: envelope.data), promise: nil) }
    }

    private func association(for sender: SocketAddress, context: ChannelHandlerContext) -> EventLoopFuture<any Channel>? {
        if let existing = associations[sender] { return existing }
        guard associations.count < Self.maximumAssociations else { return nil }
        let front = context.channel
        let target = target
        let idleTime = Self.idleTime
        let future = DatagramBootstrap(group: context.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        [
                            IdleStateHandler(allTimeout: idleTime), Answers(front: front, sender: sender),
                        ] as [any ChannelHandler])
                }
            }
            .connect(to: target)
        associations[sender] = future
        let this = NIOLoopBound(self, eventLoop: context.eventLoop)
        future.whenComplete { result in
            switch result {
            case .success(let channel): channel.closeFuture.whenComplete { _ in this.value.associations[sender] = nil }
            case .failure: this.value.associations[sender] = nil
            }
        }
        return future
    }

    func channelInactive(context: ChannelHandlerContext) {
        for association in associations.values { association.whenSuccess { $0.close(promise: nil) } }
        associations = [:]
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // An ICMP error of some sender: the socket goes on for the others.
    }

    /// Carries a container's answers to the one sender they are for.
    private final class Answers: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        private let front: any Channel
        private let sender: SocketAddress

        init(front: any Channel, sender: SocketAddress) {
            self.front = front
            self.sender = sender
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            front.writeAndFlush(AddressedEnvelope(remoteAddress: sender, data: unwrapInboundIn(data).data), promise: nil)
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}

internal import LinuxSystem
internal import NIOCore
internal import NIOPosix
internal import Netlink

/// Passes TCP connections from a bound listening socket to one address of a container.
enum StreamForwarder {
    /// - Returns: the listening channel; closing it ends new connections, those under way go on.
    static func start(_ listener: OwnedDescriptor, target: SocketAddress, group: any EventLoopGroup) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 4096)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { client in connect(client, to: target) }
            .withBoundSocket(try BoundSocket.handOver(listener)).get()
    }

    /// Connects to the container, then lets both sides flow. A refused connection closes the client's.
    static func connect(_ client: any Channel, to target: SocketAddress) -> EventLoopFuture<Void> {
        let loop = client.eventLoop
        ClientBootstrap(group: loop)
            .channelOption(.autoRead, value: false)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connectTimeout(.seconds(30))
            .connect(to: target)
            .whenComplete { result in
                switch result {
                case .failure: client.close(promise: nil)
                case .success(let server):
                    guard client.isActive else {
                        server.close(promise: nil)
                        return
                    }
                    do {
                        let (left, right) = RelayHandler.pair(client, server)
                        try client.pipeline.syncOperations.addHandler(left)
                        try server.pipeline.syncOperations.addHandler(right)
                        client.read()
                        server.read()
                    } catch {
                        client.close(promise: nil)
                        server.close(promise: nil)
                    }
                }
            }
        return loop.makeSucceededVoidFuture()
    }
}

/// One side of a relayed connection: what it reads goes to the other side, and it reads again only when that was written.
final class RelayHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let other: any Channel
    private var inputEnded = false
    private let shared: Shared

    /// Both handlers of a pair run on one event loop.
    private final class Shared {
        var endedSides = 0
    }

    private init(other: any Channel, shared: Shared) {
        self.other = other
        self.shared = shared
    }

    static func pair(_ left: any Channel, _ right: any Channel) -> (RelayHandler, RelayHandler) {
        let shared = Shared()
        return (RelayHandler(other: right, shared: shared), RelayHandler(other: left, shared: shared))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = context.channel
        other.write(unwrapInboundIn(data)).whenFailure { _ in channel.close(promise: nil) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        let channel = context.channel
        // An empty write behind the others completes when they have left: the brake of this direction.
        other.writeAndFlush(ByteBuffer()).whenSuccess { channel.read() }
        context.fireChannelReadComplete()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { endInput(context) }
        context.fireUserInboundEventTriggered(event)
    }

    private func endInput(_ context: ChannelHandlerContext) {
        guard !inputEnded else { return }
        inputEnded = true
        shared.endedSides += 1
        let (mine, theirs, both) = (context.channel, other, shared.endedSides == 2)
        theirs.writeAndFlush(ByteBuffer()).whenComplete { _ in
            theirs.close(mode: .output).whenComplete { _ in
                if both {
                    mine.close(promise: nil)
                    theirs.close(promise: nil)
                }
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        let theirs = other
        theirs.writeAndFlush(ByteBuffer()).whenComplete { _ in theirs.close(promise: nil) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
        other.close(promise: nil)
    }
}

import Essentials
import GRDB
import Glibc
import LinuxSystem
import Logging
import NIOCore
import NIOPosix
import Netlink

@testable import Networks

/// A host of its own: a network namespace with a neighbour, in which a controller works. Nothing of it reaches the real host.
final class Playground: Sendable {
    static let hostAddress = "198.51.100.1"

    let host: OwnedDescriptor
    /// Another machine on the host's network.
    let neighbour: OwnedDescriptor
    let database: DatabaseQueue
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    init() throws {
        host = try makeNetworkNamespace()
        neighbour = try makeNetworkNamespace()
        database = try DatabaseQueue()
        var migrator = DatabaseMigrator()
        NetworkController.registerMigrations(&migrator)
        try migrator.migrate(database)
        let (inside, outside) = (try RouteSocket.open(in: host), try RouteSocket.open(in: neighbour))
        let wire = try inside.createVeth(name: "wire", peerName: "wire", peerNamespace: neighbour, peerAddress: nil, mtu: 1500)
        try inside.addAddress(Self.address(Self.hostAddress), prefixLength: 24, link: wire)
        try inside.set(LinkChange(up: true), link: wire)
        try inside.set(LinkChange(up: true), link: 1)
        guard let peer = try outside.link(named: "wire") else { throw SystemError("link", "wire", errno: ENODEV) }
        try outside.addAddress(Self.address("198.51.100.2"), prefixLength: 24, link: peer.index)
        try outside.set(LinkChange(up: true), link: peer.index)
        try outside.setDefaultRoute(gateway: Self.address(Self.hostAddress), link: peer.index)
    }

    static func address(_ text: String) throws -> IPAddress {
        guard let address = IPAddress(text) else { throw SystemError("address", text, errno: EINVAL) }
        return address
    }

    /// A controller that is started, as after a start of the daemon.
    func controller(running: Set<String> = []) async throws -> NetworkController {
        var configuration = NetworkConfiguration()
        configuration.hostNamespace = host
        let controller = NetworkController(configuration: configuration, database: database, logger: Logger(label: "test"))
        try await controller.start(running: running)
        return controller
    }

    /// What is in the host's namespace: names of links, and the text of its firewall.
    func traces() throws -> [String] {
        let rules = try NamespaceThread.run(in: host) { try Firewall().listing() }
        return try RouteSocket.open(in: host).links().map(\.name).sorted()
            + rules.split(separator: "\n").filter { $0.hasPrefix("table") }.map(String.init)
    }

    /// Answers every TCP connection with `greeting` and what it says, ending after the other side has ended.
    func serve(_ greeting: String, in namespace: OwnedDescriptor, port: UInt16) async throws {
        let socket = try NamespaceThread.run(in: namespace) {
            try BoundSocket.open(IPAddress(family: .v4, value: 0), port: port, isStream: true)
        }
        _ = try await ServerBootstrap(group: group)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Echo(greeting)) }
            }
            .withBoundSocket(try BoundSocket.handOver(socket)).get()
    }

    /// Answers every datagram with `greeting` and what it says.
    func serveDatagrams(_ greeting: String, in namespace: OwnedDescriptor, port: UInt16) async throws {
        let socket = try NamespaceThread.run(in: namespace) {
            try BoundSocket.open(IPAddress(family: .v4, value: 0), port: port, isStream: false)
        }
        _ = try await DatagramBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(DatagramEcho(greeting)) }
            }
            .withBoundSocket(try BoundSocket.handOver(socket)).get()
    }

    /// Sends `bytes` from inside a namespace, ends its side when it is TCP, and gives all that comes back; nil when nothing does.
    static func ask(
        _ bytes: [UInt8], _ address: String, _ port: UInt16, in namespace: OwnedDescriptor, stream: Bool = true, patience: Int = 10
    ) throws -> [UInt8]? {
        let target = try Self.address(address)
        return try NamespaceThread.run(in: namespace) { () -> [UInt8]? in
            let type = Int32((stream ? SOCK_STREAM : SOCK_DGRAM).rawValue)
            let client = OwnedDescriptor(try check("socket") { socket(target.family == .v4 ? AF_INET : AF_INET6, type, 0) })
            var patience = timeval(tv_sec: patience, tv_usec: 0)
            for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
                try check("setsockopt") {
                    setsockopt(client.raw, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
                }
            }
            do { try BoundSocket.connect(client, to: target, port: port) } catch { return nil }
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes { send(client.raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                guard count > 0 else { return nil }
                sent += count
                if !stream { break }
            }
            if stream { shutdown(client.raw, Int32(SHUT_WR)) }
            var result: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65536)
            while true {
                let count = recv(client.raw, &buffer, buffer.count, 0)
                if count < 0 { return nil }
                if count == 0 { return result }
                result += buffer[..<count]
                if !stream { return result }
            }
        }
    }

    static func ask(
        _ text: String, _ address: String, _ port: UInt16, in namespace: OwnedDescriptor, stream: Bool = true, patience: Int = 10
    ) throws -> String? {
        try ask(Array(text.utf8), address, port, in: namespace, stream: stream, patience: patience).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    func end(_ controllers: NetworkController...) async throws {
        for controller in controllers { await controller.shutdown() }
        try await group.shutdownGracefully()
    }
}

extension RouteSocket {
    static func open(in namespace: OwnedDescriptor) throws -> RouteSocket {
        try NamespaceThread.run(in: namespace) { try RouteSocket() }
    }
}

private final class Echo: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let greeting: String

    init(_ greeting: String) { self.greeting = greeting }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: greeting)), promise: nil)
    }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { context.writeAndFlush(data, promise: nil) }
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .inputClosed? = event as? ChannelEvent else { return }
        let channel = context.channel
        channel.writeAndFlush(ByteBuffer(string: ".")).whenComplete { _ in channel.close(promise: nil) }
    }
}

private final class DatagramEcho: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>
    private let greeting: String

    init(_ greeting: String) { self.greeting = greeting }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let envelope = unwrapInboundIn(data)
        var answer = ByteBuffer(string: greeting)
        answer.writeImmutableBuffer(envelope.data)
        context.writeAndFlush(wrapOutboundOut(AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: answer)), promise: nil)
    }
}

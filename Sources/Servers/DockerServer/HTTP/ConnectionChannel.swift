internal import HummingbirdCore
package import Logging
package import NIOCore
internal import NIOSSL

/// Sets up accepted connections for Hummingbird's server and serves them.
///
/// It stands in for Hummingbird's own HTTP channel because attach, exec and sessions turn a connection into raw bytes.
package struct ConnectionChannel: ServerChildChannel {
    package struct Value: ServerChildChannelValue {
        package let stream: SocketStream
        package var channel: any Channel { stream.channel }
    }

    private let responder: any Responder
    private let tls: NIOSSLContext?

    package init(responder: any Responder, tls: TLSContext? = nil) {
        self.responder = responder
        self.tls = tls?.context
    }

    package func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let stream = SocketStream(channel: channel)
        return channel.setOption(.autoRead, value: false).flatMapThrowing {
            let pipeline = channel.pipeline.syncOperations
            if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
            try pipeline.addHandler(SocketHandler(stream: stream))
            return Value(stream: stream)
        }
    }

    package func handle(value: Value, logger: Logger) async {
        await HTTPConnection(stream: value.stream, responder: responder, logger: logger).serve()
    }
}

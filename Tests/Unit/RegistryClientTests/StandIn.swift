import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A registry of a few lines on a loopback port: a function answers each request, well or badly.
final class StandIn: Sendable {
    struct Request: Sendable {
        var method: HTTPMethod
        /// With the query.
        var uri: String
        var headers: HTTPHeaders
        var body: [UInt8]

        var path: String { String(uri.prefix { $0 != "?" }) }
    }

    struct Answer: Sendable {
        var status: HTTPResponseStatus = .ok
        var headers: HTTPHeaders = [:]
        var body: [UInt8] = []
        /// The connection is cut after this many bytes of the body.
        var cutAfter: Int?
        /// The body is sent again and again without a length.
        var isEndless = false

        init(_ status: HTTPResponseStatus = .ok, _ headers: HTTPHeaders = [:], _ body: String = "") {
            self.status = status
            self.headers = headers
            self.body = Array(body.utf8)
        }

        init(bytes: [UInt8]) { body = bytes }
    }

    private let channel: any Channel
    private let log: Log

    final class Log: Sendable {
        let requests = Mutex<[Request]>([])
    }

    private init(_ channel: any Channel, _ log: Log) {
        self.channel = channel
        self.log = log
    }

    var port: Int { channel.localAddress?.port ?? 0 }
    var host: String { "127.0.0.1:\(port)" }
    /// Everything asked so far but the greeting `GET /v2/`.
    var requests: [Request] { log.requests.withLock { $0.filter { $0.path != "/v2/" } } }

    /// Serves while `body` runs.
    static func serve<Value>(
        _ answer: @escaping @Sendable (Request) -> Answer, _ body: (StandIn) async throws -> Value
    ) async throws -> Value {
        let log = Log()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(answer: answer, log: log))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let standIn = StandIn(channel, log)
        do {
            let value = try await body(standIn)
            try await channel.close()
            return value
        } catch {
            try? await channel.close()
            throw error
        }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let answer: @Sendable (Request) -> Answer
        private let log: Log
        private var request: Request?

        init(answer: @escaping @Sendable (Request) -> Answer, log: Log) {
            self.answer = answer
            self.log = log
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): request = Request(method: head.method, uri: head.uri, headers: head.headers, body: [])
            case .body(let chunk): request?.body.append(contentsOf: chunk.readableBytesView)
            case .end:
                guard let request else { return }
                self.request = nil
                log.requests.withLock { $0.append(request) }
                respond(answer(request), to: request, context)
            }
        }

        private func respond(_ answer: Answer, to request: Request, _ context: ChannelHandlerContext) {
            var headers = answer.headers
            if !answer.isEndless, !headers.contains(name: "Content-Length") {
                headers.add(name: "Content-Length", value: "\(answer.body.count)")
            }
            context.write(
                wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: answer.status, headers: headers))), promise: nil)
            guard request.method != .HEAD else {
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
                return
            }
            if answer.isEndless { return repeatBody(answer.body, context) }
            let body = answer.body.prefix(answer.cutAfter ?? answer.body.count)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
            if answer.cutAfter != nil {
                context.flush()
                context.close(promise: nil)
            } else {
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }

        private func repeatBody(_ body: [UInt8], _ context: ChannelHandlerContext) {
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body))))).whenSuccess {
                let (handler, context) = bound.value
                handler.repeatBody(body, context)
            }
        }
    }
}

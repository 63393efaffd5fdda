package import NIOCore
internal import Synchronization

/// One accepted connection as bytes: what came in waits in a bounded queue, what goes out waits for the peer.
///
/// It tells a peer that closed its writing side (no more input, it still listens) from one that is gone.
package final class SocketStream: Sendable {
    private struct State {
        var chunks: [ByteBuffer] = []
        var bytes = 0
        /// The peer will send no more.
        var ended = false
        /// Nothing can be sent or received any more.
        var gone = false
        /// The server is going down.
        var quiescing = false
        var reader: CheckedContinuation<ByteBuffer?, any Error>?
        var watchers: [Int: (Watch, CheckedContinuation<Void, Never>)] = [:]
        var nextWatcher = 0
    }

    /// What a watcher waits for.
    package enum Watch: Sendable {
        /// The connection is closed, or the server goes down.
        case gone
        /// As `gone`, and also that the peer closed its writing side and all it sent is read.
        case left
    }

    /// Reading from the socket stops while more than this many bytes wait.
    private static let highWatermark = 256 * 1024

    package let channel: any Channel
    private let state = Mutex(State())

    package init(channel: any Channel) { self.channel = channel }

    // MARK: For whoever serves the connection

    /// The next bytes, or nil when the peer will send no more. One caller at a time.
    package func next() async throws -> ByteBuffer? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome: Result<ByteBuffer?, any Error>? = state.withLock { state in
                    if !state.chunks.isEmpty {
                        let chunk = state.chunks.removeFirst()
                        state.bytes -= chunk.readableBytes
                        return .success(chunk)
                    }
                    if state.ended || state.gone { return .success(nil) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    state.reader = continuation
                    return nil
                }
                guard let outcome else { return }
                continuation.resume(with: outcome)
                wakeWatchers()
                if wantsMore { channel.read() }
            }
        } onCancel: {
            takeReader()?.resume(throwing: CancellationError())
        }
    }

    /// Sends, and comes back when the kernel has taken the bytes. When the task is cancelled the connection is closed, for a
    /// peer that does not read must not hold us.
    package func write(_ buffer: ByteBuffer) async throws {
        try await withTaskCancellationHandler {
            try await channel.writeAndFlush(buffer)
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    /// Tells the peer that we will send no more.
    package func closeOutput() async {
        // Fails when the peer is gone already or has been told: nothing is left to do then.
        try? await channel.close(mode: .output)
    }

    package func close() async {
        // Fails only when it is closed already.
        try? await channel.close()
    }

    package var isQuiescing: Bool { state.withLock { $0.quiescing } }
    package var isGone: Bool { state.withLock { $0.gone } }

    /// Comes back when the peer left, the server goes down, or the task is cancelled.
    package func wait(for watch: Watch) async {
        let id = state.withLock { state in
            state.nextWatcher += 1
            return state.nextWatcher
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let done = state.withLock { state in
                    if Task.isCancelled || Self.isOver(watch, state) { return true }
                    state.watchers[id] = (watch, continuation)
                    return false
                }
                if done { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.watchers.removeValue(forKey: id) }?.1.resume()
        }
    }

    // MARK: For the channel's handler

    fileprivate var wantsMore: Bool {
        state.withLock { $0.bytes < Self.highWatermark && !$0.ended && !$0.gone }
    }

    fileprivate func receive(_ buffer: ByteBuffer) {
        let reader = state.withLock { state -> CheckedContinuation<ByteBuffer?, any Error>? in
            if let reader = state.reader {
                state.reader = nil
                return reader
            }
            state.chunks.append(buffer)
            state.bytes += buffer.readableBytes
            return nil
        }
        reader?.resume(returning: buffer)
    }

    fileprivate func end() {
        state.withLock { $0.ended = true }
        takeReader()?.resume(returning: nil)
        wakeWatchers()
    }

    fileprivate func disappear() {
        state.withLock { $0.gone = true }
        takeReader()?.resume(returning: nil)
        wakeWatchers()
    }

    fileprivate func quiesce() {
        state.withLock { $0.quiescing = true }
        wakeWatchers()
    }

    private func takeReader() -> CheckedContinuation<ByteBuffer?, any Error>? {
        state.withLock { state in
            defer { state.reader = nil }
            return state.reader
        }
    }

    private static func isOver(_ watch: Watch, _ state: State) -> Bool {
        if state.gone || state.quiescing { return true }
        return watch == .left && state.ended && state.chunks.isEmpty
    }

    private func wakeWatchers() {
        let woken = state.withLock { state in
            let over = state.watchers.filter { Self.isOver($0.value.0, state) }
            for id in over.keys { state.watchers.removeValue(forKey: id) }
            return over.values.map(\.1)
        }
        for continuation in woken { continuation.resume() }
    }
}

/// Hands what a channel receives to its `SocketStream`, and reads only while there is room.
final class SocketHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let stream: SocketStream

    init(stream: SocketStream) { self.stream = stream }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { context.read() }
    }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        stream.receive(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if stream.wantsMore { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as ChannelEvent where event == .inputClosed: stream.end()
        case is ChannelShouldQuiesceEvent: stream.quiesce()
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        stream.disappear()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        stream.disappear()
        context.close(promise: nil)
    }
}

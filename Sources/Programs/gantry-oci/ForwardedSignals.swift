import CLinux
import Dispatch

/// The signals that would end this program and that are the container's to answer. While this lives they have no other effect.
final class ForwardedSignals: Sendable {
    /// The numbers in the order of arrival.
    let arrivals: AsyncStream<Int32>
    private let continuation: AsyncStream<Int32>.Continuation
    // Made here and cancelled in `deinit`, not changed between.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    init() {
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        arrivals = stream
        self.continuation = continuation
        let queue = DispatchQueue(label: "signals")
        sources = [SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH].map { number in
            // A changed window is ignored by itself; an ignored one would not be seen here.
            if number != SIGWINCH { gantry_ignore_signal(number) }
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { continuation.yield(number) }
            source.resume()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
        continuation.finish()
    }
}

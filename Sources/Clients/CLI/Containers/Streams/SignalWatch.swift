import CLinux
import Dispatch

/// Signals as values. While this lives they have no other effect on the program.
final class SignalWatch: Sendable {
    /// The numbers in the order of arrival.
    let signals: AsyncStream<Int32>
    private let continuation: AsyncStream<Int32>.Continuation
    // Created here and cancelled in `deinit`, not changed between.
    private nonisolated(unsafe) let sources: [any DispatchSourceSignal]

    init(_ numbers: [Int32]) {
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        signals = stream
        self.continuation = continuation
        let queue = DispatchQueue(label: "signals")
        sources = numbers.map { number in
            // The window's size changes without anybody ignoring it; all others would end the program first.
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

    /// What a client passes on to its container: everything that can be caught, but for what concerns the client itself.
    static let forwarded: [Int32] = [
        SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU, SIGVTALRM, SIGPROF, SIGPWR,
    ]
}

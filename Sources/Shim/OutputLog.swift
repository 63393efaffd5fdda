import CLinux

/// Cuts the output into lines and hands them to where they are kept and sent.
final class OutputLog {
    private let file: LogFile?
    let forwarder: LogForwarder?
    /// What has come of a line that has not ended yet, for stdout and stderr.
    private let partial = [Bytes(), Bytes()]
    /// A piece of the line went out already.
    private var goesOn = [false, false]

    /// Docker's limit: a longer line is kept in pieces without a line end.
    private static let lineLimit = 16384

    init(file: LogFile?, forwarder: LogForwarder?) {
        self.file = file
        self.forwarder = forwarder
    }

    var isIdle: Bool { file?.isIdle ?? true }

    /// Nothing more is to be read from the container before some has gone out.
    var isFull: Bool { forwarder?.isFull ?? false }

    /// Whether a file has been rotated since this was last asked.
    func takeRotation() -> Bool {
        guard let file, file.hasRotated else { return false }
        file.hasRotated = false
        return true
    }

    func add(_ content: UnsafeBufferPointer<UInt8>, isError: Bool) {
        let stream = isError ? 1 : 0
        let rest = partial[stream]
        let now = Clock.realtime()
        file?.begin(at: now)
        var start = 0
        while start < content.count {
            let limit = min(content.count, start + Self.lineLimit - rest.count)
            let from = content.baseAddress! + start
            let newline = memchr(from, 10, limit - start)
            let length = newline.map { UnsafeRawPointer(from).distance(to: UnsafeRawPointer($0)) } ?? limit - start
            let piece = UnsafeBufferPointer(start: from, count: length)
            let ended = newline != nil
            start += length + (ended ? 1 : 0)
            if rest.isEmpty && (ended || length == Self.lineLimit) {
                emit(piece, stream, ended: ended, now)
                continue
            }
            rest.append(piece)
            guard ended || rest.count == Self.lineLimit else { continue }
            emit(rest.content, stream, ended: ended, now)
            rest.removeAll()
        }
    }

    private func emit(_ text: UnsafeBufferPointer<UInt8>, _ stream: Int, ended: Bool, _ now: Int64) {
        file?.append(text, stream: stream, ended: ended)
        forwarder?.add(LogForwarder.Line(text: text, stream: stream, isPart: !ended || goesOn[stream], ended: ended, moment: now))
        goesOn[stream] = !ended
    }

    /// Writes what is buffered; called when nothing else is to do.
    func flush() { file?.flush() }

    /// The end of the output: lines that never ended are kept as they are.
    func finish() {
        let now = Clock.realtime()
        file?.begin(at: now)
        for stream in 0..<2 where !partial[stream].isEmpty {
            emit(partial[stream].content, stream, ended: false, now)
            partial[stream].removeAll()
        }
        flush()
        forwarder?.finish()
    }
}

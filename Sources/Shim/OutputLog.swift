import CLinux

/// Cuts the output into lines and hands them to where they are kept and sent.
final class OutputLog {
    private var file: LogFile?
    /// In place of the file.
    private(set) var helper: LogHelper?
    let forwarder: LogForwarder?
    /// What has come of a line that has not ended yet, for stdout and stderr.
    private let partial = [Bytes(), Bytes()]
    /// A piece of the line went out already.
    private var goesOn = [false, false]

    /// Docker's limit: a longer line is kept in pieces without a line end.
    private static let lineLimit = 16384

    init(file: LogFile?, helper: LogHelper? = nil, forwarder: LogForwarder? = nil) {
        self.file = file
        self.helper = helper
        self.forwarder = forwarder
    }

    var isIdle: Bool { file?.isIdle ?? true }

    /// Nothing more is to be read from the container before some has gone out.
    var isFull: Bool { forwarder?.isFull ?? false }

    /// Whether a file has been rotated since this was last asked.
    func takeRotation() -> Bool {
        if let helper, helper.takeRotation() { return true }
        guard let file, file.hasRotated else { return false }
        file.hasRotated = false
        return true
    }

    func add(_ content: UnsafeBufferPointer<UInt8>, isError: Bool) {
        let now = Clock.realtime()
        helper?.add(content, stream: isError ? 1 : 0, at: now)
        if file != nil || forwarder != nil { add(content, stream: isError ? 1 : 0, at: now) }
    }

    /// - Parameter now: when it came, in nanoseconds since 1970.
    func add(_ content: UnsafeBufferPointer<UInt8>, stream: Int, at now: Int64) {
        let rest = partial[stream]
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

    /// Writes what is buffered.
    func flush() { file?.flush() }

    /// Hears what the helper has to say, and goes on without it when it is gone.
    func hearHelper() {
        guard let helper, !helper.hear() else { return }
        self.helper = nil
        // Should that fail the log ends here; the container does not.
        do throws(Failure) { file = try LogFile(helper.settings) } catch { file = nil }
    }

    /// The end of the output: lines that never ended are kept as they are.
    func finish() {
        let now = Clock.realtime()
        file?.begin(at: now)
        for stream in 0..<2 where !partial[stream].isEmpty {
            emit(partial[stream].content, stream, ended: false, now)
            partial[stream].removeAll()
        }
        flush()
        helper?.finish()
        forwarder?.finish()
    }
}

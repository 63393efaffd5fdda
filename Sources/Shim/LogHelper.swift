import CLinux

/// Writes the log in a process of its own, so that a disk that does not answer does not hold up the container (`mode=non-blocking`).
/// What does not fit into the buffer meanwhile is dropped.
final class LogHelper {
    let settings: LogFile.Settings
    let socket: CInt
    private let limit: Int
    private let waiting = Bytes()
    /// Of what waits: sent already.
    private var position = 0
    private var hasRotated = false
    /// For standard output and error: something was dropped; what was dropped last ended a line; what was kept last did.
    private var hasGap = [false, false]
    private var isGapWhole = [false, false]
    private var isBetweenLines = [true, true]

    /// Of a message: length of the content (4 bytes), stream (1), nanoseconds since 1970 (8).
    private static let headerSize = 13
    /// Milliseconds without progress after which the end of the log is given up.
    private static let farewell: CInt = 10_000

    /// - Parameter file: open already, so that what is wrong with it is told; it is the helper's from now on.
    init(_ file: LogFile, _ settings: LogFile.Settings, limit: Int) throws(Failure) {
        self.settings = settings
        self.limit = limit
        var pair: [CInt] = [-1, -1]
        try attempt { socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0, &pair) }
        let process = try attempt { CLinux.fork() }
        if process == 0 {
            setsid()
            Self.closeAll(but: [pair[1], file.file, file.directory])
            Self.serve(pair[1], OutputLog(file: file))
            _exit(0)
        }
        close(pair[1])
        socket = pair[0]
    }

    deinit { close(socket) }

    var isPending: Bool { position < waiting.count }

    func takeRotation() -> Bool {
        defer { hasRotated = false }
        return hasRotated
    }

    func add(_ content: UnsafeBufferPointer<UInt8>, stream: Int, at now: Int64) {
        guard let base = content.baseAddress, content.count > 0 else { return }
        send()
        guard waiting.count - position + content.count <= max(limit, content.count) else {
            return drop(content, stream, now)
        }
        var start = 0
        if hasGap[stream] {
            if !isGapWhole[stream] {
                // What is left of a line of which something was dropped goes too.
                guard let newline = memchr(base, 10, content.count) else { return }
                start = UnsafeRawPointer(base).distance(to: UnsafeRawPointer(newline)) + 1
            }
            hasGap[stream] = false
            if !isBetweenLines[stream] { queue([10], stream, now) }
            isBetweenLines[stream] = true
        }
        guard start < content.count else { return }
        queue(UnsafeBufferPointer(rebasing: content[start...]), stream, now)
        isBetweenLines[stream] = content[content.count - 1] == 10
        send()
    }

    /// A line that has begun is brought to its end first, unless it is a very long one.
    private func drop(_ content: UnsafeBufferPointer<UInt8>, _ stream: Int, _ now: Int64) {
        if !hasGap[stream], !isBetweenLines[stream], let base = content.baseAddress, let newline = memchr(base, 10, content.count),
            waiting.count - position < 2 * limit + Minder.bufferSize
        {
            let length = UnsafeRawPointer(base).distance(to: UnsafeRawPointer(newline)) + 1
            queue(UnsafeBufferPointer(rebasing: content[..<length]), stream, now)
            isBetweenLines[stream] = true
        }
        hasGap[stream] = true
        isGapWhole[stream] = content[content.count - 1] == 10
    }

    private func queue(_ content: [UInt8], _ stream: Int, _ now: Int64) {
        content.withUnsafeBufferPointer { queue($0, stream, now) }
    }

    private func queue(_ content: UnsafeBufferPointer<UInt8>, _ stream: Int, _ now: Int64) {
        if position > 65536 {
            waiting.removeFirst(position)
            position = 0
        }
        waiting.append(number: UInt32(content.count))
        waiting.append(UInt8(stream))
        waiting.append(number: now)
        waiting.append(content)
    }

    private func send() {
        while isPending {
            let count = gantry_send(socket, waiting.base + position, waiting.count - position, 0)
            if count < 0 && gantry_errno() == EINTR { continue }
            // Gone or busy; the first shows when it is heard.
            if count < 0 { return }
            position += count
        }
        waiting.removeAll()
        position = 0
    }

    /// - Returns: false when the helper is gone.
    func hear() -> Bool {
        send()
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = gantry_receive(socket, &bytes, bytes.count, 0)
        if count > 0 { hasRotated = true }
        return count > 0 || (count < 0 && (gantry_errno() == EAGAIN || gantry_errno() == EINTR))
    }

    /// The end of the output: comes back when the helper has written all, or takes nothing any more.
    func finish() {
        var hasEnded = false
        while true {
            send()
            if !isPending && !hasEnded {
                gantry_end_sending(socket)
                hasEnded = true
            }
            var entry = pollfd(fd: socket, events: Int16(POLLIN | (isPending ? POLLOUT : 0)), revents: 0)
            if poll(&entry, 1, Self.farewell) <= 0 || !hear() { return }
        }
    }

    // MARK: In the helper

    private static func closeAll(but kept: [CInt]) {
        var first: CInt = 3
        for descriptor in kept.sorted() where descriptor >= first {
            if descriptor > first { gantry_close_range(UInt32(first), UInt32(descriptor - 1), 0) }
            first = descriptor + 1
        }
        gantry_close_range(UInt32(first), UInt32.max, 0)
    }

    /// Until the shim ends its side, or itself.
    private static func serve(_ socket: CInt, _ log: OutputLog) {
        var header = [UInt8](repeating: 0, count: headerSize)
        let content = UnsafeMutablePointer<UInt8>.allocate(capacity: Minder.bufferSize)
        while receive(socket, &header, headerSize) {
            var reader = ByteReader(header)
            guard let count = reader.number(UInt32.self), let stream = reader.number(UInt8.self),
                let now = reader.number(Int64.self),
                Int(count) <= Minder.bufferSize, stream < 2, receive(socket, content, Int(count))
            else { break }
            log.add(UnsafeBufferPointer(start: content, count: Int(count)), stream: Int(stream), at: now)
            var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            if poll(&entry, 1, 0) == 0 { log.flush() }
            let told: [UInt8] = [1]
            if log.takeRotation() { _ = gantry_send(socket, told, 1, 0) }
        }
        log.finish()
    }

    private static func receive(_ socket: CInt, _ place: UnsafeMutablePointer<UInt8>, _ count: Int) -> Bool {
        var done = 0
        while done < count {
            let size = gantry_receive(socket, place + done, count - done, 1)
            if size < 0 && gantry_errno() == EINTR { continue }
            if size <= 0 { return false }
            done += size
        }
        return true
    }
}

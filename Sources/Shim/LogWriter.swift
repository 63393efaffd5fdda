import CLinux

/// Keeps the output in a file of JSON lines, rotated by size. A disk that is full loses lines, never the container.
struct LogWriter {
    private let path: [UInt8]
    private let maximumSize: Int64
    private let files: Int
    private var file: CInt = -1
    private var size: Int64 = 0
    private var buffered: [UInt8] = []
    /// What has come of a line that has not ended yet, for stdout and stderr.
    private var partial: [[UInt8]] = [[], []]

    /// Docker's limit: a longer line is kept in pieces without a line end.
    private static let lineLimit = 16384

    init(path: [UInt8], maximumSize: Int64, files: Int) throws(Failure) {
        self.path = path
        self.maximumSize = maximumSize
        self.files = files
        try open()
    }

    private mutating func open() throws(Failure) {
        let path = self.path
        file = try attempt {
            withC(path) { gantry_openat(AT_FDCWD, $0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o640) }
        }
        var status = stat()
        try attempt { fstat(file, &status) }
        size = Int64(status.st_size)
    }

    var isIdle: Bool { buffered.isEmpty }

    mutating func add(_ content: ArraySlice<UInt8>, isError: Bool) {
        let stream = isError ? 1 : 0
        let now = Clock.realtime()
        var start = content.startIndex
        while start < content.endIndex {
            let room = Self.lineLimit - partial[stream].count
            let limit = min(content.endIndex, start + room)
            var end = start
            while end < limit && content[end] != 10 { end += 1 }
            let ended = end < limit
            if ended { end += 1 }
            partial[stream] += content[start..<end]
            if ended || partial[stream].count >= Self.lineLimit { emit(stream, now) }
            start = end
        }
        if buffered.count >= 32768 { flush() }
    }

    private mutating func emit(_ stream: Int, _ now: Int64) {
        if maximumSize > 0 && size + Int64(buffered.count) >= maximumSize { rotate() }
        JSONLine.append(partial[stream][...], isError: stream == 1, at: now, to: &buffered)
        partial[stream].removeAll(keepingCapacity: true)
    }

    /// Writes what is buffered; called when nothing else is to do.
    mutating func flush() {
        var done = 0
        while done < buffered.count {
            let count = buffered.withUnsafeBytes { write(file, $0.baseAddress! + done, $0.count - done) }
            if count < 0 {
                if gantry_errno() == EINTR { continue }
                break
            }
            done += count
        }
        size += Int64(done)
        buffered.removeAll(keepingCapacity: buffered.capacity <= 65536)
    }

    /// The end of the output: lines that never ended are kept as they are.
    mutating func finish() {
        let now = Clock.realtime()
        for stream in 0..<2 where !partial[stream].isEmpty { emit(stream, now) }
        flush()
    }

    private mutating func rotate() {
        flush()
        if files <= 1 {
            _ = ftruncate(file, 0)
            size = 0
            return
        }
        var number = files - 1
        while number > 0 {
            let older = path + [46] + decimal(Int64(number))
            let newer = number == 1 ? path : path + [46] + decimal(Int64(number - 1))
            _ = withC(newer) { from in withC(older) { rename(from, $0) } }
            number -= 1
        }
        let old = file
        do throws(Failure) {
            try open()
            close(old)
        } catch { file = old }
    }
}

enum Clock {
    /// Nanoseconds since 1970.
    static func realtime() -> Int64 { read(CLOCK_REALTIME) }

    /// Milliseconds of a clock that never goes back.
    static func milliseconds() -> Int64 { read(CLOCK_MONOTONIC) / 1_000_000 }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

import CLinux

/// Keeps the output in files, rotated by size. A disk that is full loses lines, never the container.
final class LogFile {
    enum Format { case jsonLines, records }

    struct Settings {
        var path: [UInt8]
        var format: Format
        var maximumSize: Int64
        var files: Int
        /// JSON members, or for records the text that begins each file.
        var attributes: [UInt8]
    }

    private let settings: Settings
    /// Locked while files change their names: the daemon compresses what was rotated, and opens all that there are.
    let directory: CInt
    private(set) var file: CInt = -1
    private var size: Int64 = 0
    private let buffered = Bytes()
    /// For standard output and error, of the present ``moment``.
    private var endings: [[UInt8]] = [[], []]
    private var moment: Int64 = 0
    /// A file has been rotated since this was last set to false.
    var hasRotated = false

    private static let batch = 64 << 10

    init(_ settings: Settings) throws(Failure) {
        self.settings = settings
        let path = settings.path
        let slash = path.lastIndex(of: UInt8(ascii: "/")) ?? 0
        let parent = slash == 0 ? bytes("/") : Array(path[..<slash])
        directory = try attempt { withC(parent) { gantry_openat(AT_FDCWD, $0, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0) } }
        try open()
    }

    deinit {
        if file >= 0 { close(file) }
        close(directory)
    }

    private var format: Format { settings.format }

    private func open() throws(Failure) {
        let path = settings.path
        let opened = try attempt {
            withC(path) { gantry_openat(AT_FDCWD, $0, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o640) }
        }
        var status = stat()
        guard fstat(opened, &status) == 0 else {
            let failure = Failure.last
            close(opened)
            throw failure
        }
        if file >= 0 { close(file) }
        file = opened
        size = Int64(status.st_size)
        begin()
    }

    /// What a file starts with, or after a power cut goes on with.
    private func begin() {
        switch format {
        case .records:
            size = RecordFile.soundSize(of: file, size: size)
            _ = ftruncate(file, off_t(size))
            if size == 0 { RecordFile.appendHeader(settings.attributes, to: buffered) }
        case .jsonLines:
            var last: UInt8 = 10
            if size > 0, pread(file, &last, 1, off_t(size - 1)) == 1, last != 10 { buffered.append(10) }
        }
    }

    var isIdle: Bool { buffered.isEmpty }

    /// All lines until the next call came at this time (nanoseconds since 1970).
    func begin(at now: Int64) {
        moment = now
        guard format == .jsonLines else { return }
        endings[0] = JSONLine.ending(isError: false, attributes: settings.attributes, at: now)
        endings[1] = JSONLine.ending(isError: true, attributes: settings.attributes, at: now)
    }

    /// - Parameter ended: the text ends a line; its newline is not part of it.
    func append(_ text: UnsafeBufferPointer<UInt8>, stream: Int, ended: Bool) {
        if settings.maximumSize > 0 && size + Int64(buffered.count) >= settings.maximumSize { rotate() }
        switch format {
        case .jsonLines:
            endings[stream].withUnsafeBufferPointer { JSONLine.append(text, newline: ended, ending: $0, to: buffered) }
        case .records: RecordFile.append(text, stream: stream, ended: ended, at: moment, to: buffered)
        }
        if buffered.count >= Self.batch { flush() }
    }

    /// Writes what is buffered. A batch that does not fit is taken back whole, so that no line is torn.
    func flush() {
        var done = 0
        while done < buffered.count {
            let count = write(file, buffered.base + done, buffered.count - done)
            if count < 0 {
                if gantry_errno() == EINTR { continue }
                _ = ftruncate(file, off_t(size))
                return buffered.removeAll()
            }
            done += count
        }
        size += Int64(done)
        buffered.removeAll()
    }

    /// `log.1` is the newest of the old ones. Put off while the daemon has the names locked, which it has for moments only.
    private func rotate() {
        let files = settings.files
        if files <= 1 {
            flush()
            _ = ftruncate(file, 0)
            size = 0
            return begin()
        }
        guard flock(directory, LOCK_EX | LOCK_NB) == 0 else { return }
        defer { _ = flock(directory, LOCK_UN) }
        flush()
        var number = files - 1
        while number > 0 {
            for suffix in [[], bytes(".gz")] {
                let older = name(number) + suffix
                let newer = name(number - 1) + suffix
                if number == files - 1 { _ = withC(older) { unlink($0) } }
                if number > 1 || suffix.isEmpty { _ = withC(newer) { from in withC(older) { rename(from, $0) } } }
            }
            number -= 1
        }
        // When no new file can be made the old one, though renamed, goes on.
        do throws(Failure) { try open() } catch { size = 0 }
        hasRotated = true
    }

    private func name(_ number: Int) -> [UInt8] { number == 0 ? settings.path : settings.path + [46] + decimal(Int64(number)) }
}

/// The `local` driver's own form. A file begins with `GLOG1`, a newline, the length of the attributes (4 bytes) and the attributes
/// as JSON; each record is its length (4 bytes: flags to text), flags (1: standard error, 2: the line goes on), nanoseconds since
/// 1970 (8 bytes), the text without its newline, and the length again, for whoever reads from the end. All little endian.
enum RecordFile {
    private static let fixed = 9

    static func appendHeader(_ attributes: [UInt8], to output: Bytes) {
        output.append("GLOG1\n")
        output.append(number: UInt32(attributes.count))
        output.append(attributes)
    }

    static func append(_ text: UnsafeBufferPointer<UInt8>, stream: Int, ended: Bool, at moment: Int64, to output: Bytes) {
        output.reserve(fixed + 8 + text.count)
        let length = UInt32(fixed + text.count)
        output.append(number: length)
        output.append(UInt8(stream) | (ended ? 0 : 2))
        output.append(number: moment)
        output.append(text)
        output.append(number: length)
    }

    /// How much of a file is whole: what a power cut left half written is cut off.
    static func soundSize(of file: CInt, size: Int64) -> Int64 {
        if size == 0 { return 0 }
        func number(_ offset: Int64) -> Int64 {
            var raw: [UInt8] = [0, 0, 0, 0]
            guard offset >= 0, pread(file, &raw, 4, off_t(offset)) == 4 else { return -1 }
            return Int64(raw[0]) | Int64(raw[1]) << 8 | Int64(raw[2]) << 16 | Int64(raw[3]) << 24
        }
        let header = number(6)
        guard header >= 0, 10 + header <= size else { return 0 }
        let last = number(size - 4)
        if size == 10 + header || (last >= Int64(fixed) && size - 8 - last >= 10 + header && number(size - 8 - last) == last) {
            return size
        }
        var sound = 10 + header
        while true {
            let length = number(sound)
            guard length >= Int64(fixed), sound + 8 + length <= size, number(sound + 4 + length) == length else { return sound }
            sound += 8 + length
        }
    }
}

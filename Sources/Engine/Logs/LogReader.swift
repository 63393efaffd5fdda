import CLinux
import ContainerRuntime
import Essentials
import LinuxSystem

/// Reads a container's log with its rotated predecessors, oldest first, and follows the newest.
struct LogReader: Sendable {
    let files: LogFiles
    let format: LogFile.Format
    let query: LogQuery
    private var watch: FileWatch?

    init(path: String, format: LogFile.Format, query: LogQuery) {
        files = LogFiles(path: path)
        self.format = format
        self.query = query
    }

    /// To be called first by who wants to follow: what it takes may not be there.
    /// - Throws: `unavailable` when the user has no more inotify instances. Source: inotify(7), /proc interfaces.
    mutating func prepareToFollow() throws {
        do { watch = try FileWatch(files.path) } catch let error as SystemError where error.errno == EMFILE || error.errno == ENOSPC
        {
            throw GantryError.unavailable(
                "the log cannot be followed: the daemon's user has no inotify instance or watch left; raise fs.inotify.max_user_instances",
                cause: error)
        }
    }

    /// Hands on the lines asked for, in batches.
    /// - Parameter over: delivered at the end of the run; nil: the log as it is now is all.
    func read(until over: Deferred<WaitResult>?, _ body: @Sendable (LogBatch) async throws -> Void) async throws {
        var sources = try files.open()
        let tail = try await start(in: sources)
        var reading = Reading(format: format, collector: LogCollector(query))
        reading.collector.skipped = tail.skipped
        for index in sources.indices where index >= tail.index {
            try await reading.begin(sources[index], at: index == tail.index ? tail.offset : 0)
            guard try await reading.drain(body) else { return }
        }
        guard let over, let watch else { return }
        while !Task.isCancelled {
            // Looked at before the reading, so that nothing that came before the end is missed.
            let ended = over.current != nil || isTimeOver
            if reading.source != nil, try await !reading.drain(body) { return }
            let newer = try reading.newer(than: reading.source, in: files)
            if !newer.isEmpty {
                // Some may have been written between the reading and the rotation.
                if reading.source != nil, try await !reading.drain(body) { return }
                for source in newer {
                    try await reading.begin(source, at: 0)
                    guard try await reading.drain(body) else { return }
                }
                sources = newer
                continue
            }
            if ended { return }
            try await watch.changed(or: over, before: query.until)
        }
    }

    /// No line that is still to come can be wanted.
    private var isTimeOver: Bool { query.until.map { $0 < .now() } ?? false }

    private func start(in sources: [LogSource]) async throws -> LogTail {
        guard let count = query.tail else { return .all }
        return try await LogTail.find(count, in: sources, format: format)
    }
}

/// Where the reading of a log stands.
private struct Reading {
    let format: LogFile.Format
    var collector: LogCollector
    private(set) var source: LogSource?
    private var decoder: LogDecoder
    private var position: Int64 = 0

    init(format: LogFile.Format, collector: LogCollector) {
        self.format = format
        self.collector = collector
        decoder = LogDecoder(format)
    }

    mutating func begin(_ source: LogSource, at offset: Int64) async throws {
        self.source = source
        position = offset
        decoder = LogDecoder(format)
        if offset > 0, format == .records { decoder = .records(RecordLogDecoder(attributes: try header(source))) }
    }

    private func header(_ source: LogSource) throws -> [String: String] {
        var bytes = [UInt8](repeating: 0, count: RecordLogDecoder.headerSize + (1 << 20))
        let count = try bytes.withUnsafeMutableBytes { raw in
            try check("pread", "log") { pread(source.file.raw, raw.baseAddress, raw.count, 0) }
        }
        return try bytes[..<count].withUnsafeBufferPointer { try RecordLogDecoder.header($0)?.0 ?? [:] }
    }

    /// Reads to the end of what is there.
    /// - Returns: false when no more is wanted.
    mutating func drain(_ body: @Sendable (LogBatch) async throws -> Void) async throws -> Bool {
        guard let source else { return true }
        if !source.isCompressed, try size(source) < position {
            // Emptied by a rotation that keeps nothing.
            try await begin(source, at: 0)
        } else if source.isCompressed, position > 0 {
            return true
        }
        var collector = self.collector
        var decoder = self.decoder
        position = try await source.read(from: position) { bytes in
            try decoder.feed(bytes, into: &collector)
            if collector.isFull { try await body(collector.take()) }
            return !collector.isOver && !Task.isCancelled
        }
        self.decoder = decoder
        if !collector.batch.lines.isEmpty { try await body(collector.take()) }
        self.collector = collector
        return !collector.isOver && !Task.isCancelled
    }

    private func size(_ source: LogSource) throws -> Int64 {
        var status = stat()
        try check("fstat", "log") { fstat(source.file.raw, &status) }
        return Int64(status.st_size)
    }

    /// The files that came after `source`, oldest first.
    func newer(than source: LogSource?, in files: LogFiles) throws -> [LogSource] {
        guard let source else { return try files.open() }
        var own = stat()
        try check("fstat", "log") { fstat(source.file.raw, &own) }
        if let now = try? FileStatus(files.path, follow: true), now.inode == own.st_ino { return [] }
        let all = try files.open()
        for index in all.indices.reversed() {
            var status = stat()
            try check("fstat", "log") { fstat(all[index].file.raw, &status) }
            // Compressed meanwhile: it kept its time.
            let isSame =
                status.st_ino == own.st_ino
                || (all[index].isCompressed && status.st_mtim.tv_sec == own.st_mtim.tv_sec
                    && status.st_mtim.tv_nsec == own.st_mtim.tv_nsec)
            if isSame { return Array(all[(index + 1)...]) }
        }
        // Its turn to be removed has come: the oldest that is left goes on.
        return all
    }
}

/// Tells when a file of ours was written to or replaced (inotify).
private final class FileWatch: Sendable {
    private let descriptor: OwnedDescriptor

    init(_ path: String) throws {
        descriptor = OwnedDescriptor(try check("inotify_init1") { inotify_init1(CInt(IN_CLOEXEC) | CInt(IN_NONBLOCK)) })
        let directory = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        try check("inotify_add_watch", directory) {
            inotify_add_watch(descriptor.raw, directory, UInt32(IN_MODIFY | IN_CREATE | IN_MOVED_TO))
        }
    }

    /// Waits for a change, for the end of the run, or for a time.
    func changed(or over: Deferred<WaitResult>, before limit: Timestamp?) async throws {
        let descriptor = descriptor
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await DescriptorPoller.shared.waitReadable(descriptor) }
            group.addTask { _ = await over.value() }
            if let limit {
                group.addTask { try await Task.sleep(for: .nanoseconds(limit.nanoseconds - Timestamp.now().nanoseconds)) }
            }
            try await group.next()
            group.cancelAll()
            // The other one ends with its cancellation.
            while let _ = await group.nextResult() {}
        }
        var buffer = [UInt8](repeating: 0, count: 4096)
        while read(descriptor.raw, &buffer, buffer.count) > 0 {}
    }
}

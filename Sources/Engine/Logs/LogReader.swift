import CLinux
import Essentials
import LinuxSystem

/// Reads a `json-file` log with its rotated predecessors, oldest first, and follows the newest.
struct LogReader: Sendable {
    let path: String
    let query: LogQuery
    /// Bytes read at once.
    private static let chunk = 256 << 10

    init(path: String, query: LogQuery) {
        self.path = path
        self.query = query
    }

    /// Calls `body` for each entry asked for until it answers false.
    /// - Parameter over: delivered at the end of the run; nil: the log as it is now is all.
    func read(until over: Deferred<WaitResult>?, _ body: (LogEntry) -> Bool) async throws {
        let watch = over == nil ? nil : try FileWatch(path)
        var lines = LineBuffer()
        var tail = TailBuffer(limit: query.tail)
        func handle(_ line: ArraySlice<UInt8>, live: Bool) -> Bool {
            guard let entry = LogLine.parse(line), admits(entry) else { return true }
            if let until = query.until, entry.time > until { return false }
            if !live, tail.holds(entry) { return true }
            return body(entry)
        }
        for predecessor in predecessors() {
            try drain(predecessor, into: &lines) { handle($0, live: false) }
        }
        guard var file = try open(path) else { return tail.flush(body) }
        guard try drain(file, into: &lines, { handle($0, live: false) }) else { return tail.flush(body) }
        tail.flush(body)
        guard let over, let watch else { return }
        while !Task.isCancelled {
            let ended = over.current != nil
            guard try drain(file, into: &lines, { handle($0, live: true) }) else { return }
            if let newer = try replaced(file) {
                file = newer
                continue
            }
            if ended { return }
            try await watch.changed(or: over)
        }
    }

    private func admits(_ entry: LogEntry) -> Bool {
        guard entry.kind == .stdout ? query.stdout : query.stderr else { return false }
        return query.since.map { entry.time >= $0 } ?? true
    }

    private func open(_ path: String) throws -> OwnedDescriptor? {
        do throws(SystemError) { return try OwnedDescriptor.open(path, O_RDONLY) } catch {
            if error.errno == ENOENT { return nil }
            throw error
        }
    }

    /// `log.2`, `log.1`: what rotation left, oldest first.
    private func predecessors() -> [OwnedDescriptor] {
        var found: [OwnedDescriptor] = []
        var number = 1
        while let file = try? OwnedDescriptor.open("\(path).\(number)", O_RDONLY) {
            found.append(file)
            number += 1
        }
        return found.reversed()
    }

    /// The new file at the path when rotation moved `file` away.
    private func replaced(_ file: OwnedDescriptor) throws -> OwnedDescriptor? {
        guard let now = try? FileStatus(path, follow: true), try file.status().inode != now.inode else { return nil }
        return try open(path)
    }

    /// Reads to the end of what is there.
    /// - Returns: false when `body` wants no more.
    @discardableResult
    private func drain(_ file: OwnedDescriptor, into lines: inout LineBuffer, _ body: (ArraySlice<UInt8>) -> Bool) throws -> Bool {
        var bytes = [UInt8](repeating: 0, count: Self.chunk)
        while true {
            let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
            if count == 0 { return true }
            guard lines.append(bytes[..<count], body) else { return false }
        }
    }
}

/// Cuts a stream of bytes into lines.
struct LineBuffer {
    private var rest: [UInt8] = []

    /// Calls `body` for each whole line without its newline.
    /// - Returns: false as soon as `body` does.
    mutating func append(_ bytes: ArraySlice<UInt8>, _ body: (ArraySlice<UInt8>) -> Bool) -> Bool {
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: 10) {
            let goesOn: Bool
            if rest.isEmpty {
                goesOn = body(bytes[start..<end])
            } else {
                rest.append(contentsOf: bytes[start..<end])
                goesOn = body(rest[...])
                rest.removeAll(keepingCapacity: true)
            }
            start = end + 1
            if !goesOn { return false }
        }
        rest.append(contentsOf: bytes[start...])
        return true
    }
}

/// Keeps the last entries when only those are asked for.
private struct TailBuffer {
    let limit: Int?
    private var entries: [LogEntry] = []

    init(limit: Int?) { self.limit = limit }

    /// False: the entry is to be told at once.
    mutating func holds(_ entry: LogEntry) -> Bool {
        guard let limit else { return false }
        entries.append(entry)
        // A tail counts lines: the parts of a long line are one.
        if entries.count > 2 * limit + 1024 { entries.removeFirst(entries.count - limit) }
        return true
    }

    mutating func flush(_ body: (LogEntry) -> Bool) {
        defer { entries = [] }
        guard let limit else { return }
        for entry in entries.suffix(limit) where !body(entry) { return }
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

    /// Waits for a change or for the end of the run.
    func changed(or over: Deferred<WaitResult>) async throws {
        let descriptor = descriptor
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await DescriptorPoller.shared.waitReadable(descriptor) }
            group.addTask { _ = await over.value() }
            try await group.next()
            group.cancelAll()
            // The other one ends with its cancellation.
            while let _ = await group.nextResult() {}
        }
        var buffer = [UInt8](repeating: 0, count: 4096)
        while read(descriptor.raw, &buffer, buffer.count) > 0 {}
    }
}

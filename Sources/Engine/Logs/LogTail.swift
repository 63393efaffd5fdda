import CLinux
import ContainerRuntime
import Essentials
import LinuxSystem

/// Finds where the last lines of a log begin. Lines are counted as they are kept: of both streams, and the pieces of a long one each.
struct LogTail {
    /// Index of the file to begin with.
    var index: Int
    /// Where in that file; 0 for compressed ones.
    var offset: Int64
    /// Lines to leave out after that.
    var skipped: Int

    static let all = LogTail(index: 0, offset: 0, skipped: 0)

    static func find(_ count: Int, in files: [LogSource], format: LogFile.Format) async throws -> LogTail {
        var missing = count
        for index in files.indices.reversed() {
            let source = files[index]
            if missing == 0 { return LogTail(index: index, offset: try end(of: source, format), skipped: 0) }
            if source.isCompressed {
                let lines = try await self.lines(of: source, format)
                if lines >= missing { return LogTail(index: index, offset: 0, skipped: lines - missing) }
                missing -= lines
            } else {
                let (found, offset) =
                    format == .jsonLines ? try lineStart(missing, in: source) : try recordStart(missing, in: source)
                if found == missing { return LogTail(index: index, offset: offset, skipped: 0) }
                missing -= found
            }
        }
        return .all
    }

    private static func end(of source: LogSource, _ format: LogFile.Format) throws -> Int64 {
        format == .jsonLines ? try lineStart(0, in: source).offset : try recordStart(0, in: source).offset
    }

    private static func lines(of source: LogSource, _ format: LogFile.Format) async throws -> Int {
        var collector = LogCollector(LogQuery())
        var decoder = LogDecoder(format)
        try await source.read { bytes in
            try decoder.feed(bytes, into: &collector)
            return true
        }
        return collector.seen
    }

    private static func size(_ source: LogSource) throws -> Int64 {
        var status = stat()
        try check("fstat", "log") { fstat(source.file.raw, &status) }
        return Int64(status.st_size)
    }

    /// Goes back over newlines.
    private static func lineStart(_ wanted: Int, in source: LogSource) throws -> (found: Int, offset: Int64) {
        var block = [UInt8](repeating: 0, count: 64 << 10)
        var end = try size(source)
        /// Newlines seen: the first one ends the last line.
        var newlines = 0
        while end > 0 {
            let start = max(0, end - Int64(block.count))
            let count = try block.withUnsafeMutableBytes { raw in
                try check("pread", "log") { pread(source.file.raw, raw.baseAddress, Int(end - start), off_t(start)) }
            }
            var at = count - 1
            while at >= 0 {
                if block[at] == 10 {
                    newlines += 1
                    if newlines > wanted { return (wanted, start + Int64(at) + 1) }
                }
                at -= 1
            }
            end = start
        }
        return (min(newlines, wanted), 0)
    }

    /// Goes back over the lengths that end each record.
    private static func recordStart(_ wanted: Int, in source: LogSource) throws -> (found: Int, offset: Int64) {
        func number(_ offset: Int64) throws -> Int64 {
            var raw: [UInt8] = [0, 0, 0, 0]
            let count = try check("pread", "log") { pread(source.file.raw, &raw, 4, off_t(offset)) }
            guard count == 4 else { throw RecordLogDecoder.damaged }
            return Int64(raw[0]) | Int64(raw[1]) << 8 | Int64(raw[2]) << 16 | Int64(raw[3]) << 24
        }
        var end = try size(source)
        guard end >= Int64(RecordLogDecoder.headerSize) else { return (0, 0) }
        let first = Int64(RecordLogDecoder.headerSize) + (try number(6))
        var found = 0
        while found < wanted && end > first {
            let length = try number(end - 4)
            guard length >= Int64(RecordLogDecoder.fixedSize), end - 8 - length >= first else { throw RecordLogDecoder.damaged }
            end -= 8 + length
            found += 1
        }
        return (found, found < wanted ? 0 : end)
    }
}

/// Either form.
enum LogDecoder {
    case jsonLines(JSONLogDecoder)
    case records(RecordLogDecoder)

    init(_ format: LogFile.Format) { self = format == .jsonLines ? .jsonLines(JSONLogDecoder()) : .records(RecordLogDecoder()) }

    mutating func feed(_ bytes: UnsafeBufferPointer<UInt8>, into collector: inout LogCollector) throws {
        switch self {
        case .jsonLines(var decoder):
            // Taken out meanwhile, so that its buffers are not copied.
            self = .jsonLines(JSONLogDecoder())
            defer { self = .jsonLines(decoder) }
            decoder.feed(bytes, into: &collector)
        case .records(var decoder):
            self = .records(RecordLogDecoder())
            defer { self = .records(decoder) }
            try decoder.feed(bytes, into: &collector)
        }
    }
}

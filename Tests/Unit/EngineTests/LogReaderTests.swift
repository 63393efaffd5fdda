import CLinux
import ContainerRuntime
import Essentials
import LinuxSystem
import Synchronization
import Testing

@testable import Engine

/// Reads logs that are made here, in both forms.
@Suite struct LogReaderTests {
    /// A directory that goes with the test.
    private final class Scratch {
        let path: String
        init() throws {
            path = "/tmp/gantry-logs-\(Identifier.short(Identifier.random()))"
            try FileSystem.makeDirectories(path)
        }
        deinit { try? FileSystem.removeTree(path) }
        var log: String { "\(path)/log" }
    }

    private static func line(_ number: Int, _ format: LogFile.Format) -> [UInt8] {
        let stream = number % 10 == 0 ? "stderr" : "stdout"
        let seconds = Int64(1_700_000_000 + number)
        if format == .jsonLines {
            let time = Timestamp(seconds: seconds).rfc3339
            return Array("{\"log\":\"line \(number)\\n\",\"stream\":\"\(stream)\",\"time\":\"\(time)\"}\n".utf8)
        }
        let text = Array("line \(number)".utf8)
        let length = little(UInt32(9 + text.count))
        return length + [stream == "stderr" ? 1 : 0] + little(UInt64(seconds * 1_000_000_000)) + text + length
    }

    private static func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> Number(8 * $0)) }
    }

    private static func file(_ numbers: ClosedRange<Int>, _ format: LogFile.Format) -> [UInt8] {
        let header = format == .records ? Array("GLOG1\n".utf8) + little(UInt32(9)) + Array("{\"k\":\"v\"}".utf8) : []
        return header + numbers.flatMap { line($0, format) }
    }

    private func read(
        _ path: String, _ format: LogFile.Format, _ change: (inout LogQuery) -> Void = { _ in }
    ) async throws -> [String] {
        var query = LogQuery()
        query.stdout = true
        query.stderr = true
        change(&query)
        let found = Mutex<[String]>([])
        try await LogReader(path: path, format: format, query: query).read(until: nil) { batch in
            let lines = batch.lines.map { line in
                String(decoding: batch.bytes[line.range].dropLast(), as: UTF8.self)
                    + (line.attributes.map { batch.attributes[$0] }?["k"] ?? "")
            }
            found.withLock { $0 += lines }
        }
        return found.withLock { $0 }
    }

    private func expected(_ numbers: some Sequence<Int>) -> [String] { numbers.map { "line \($0)" } }

    /// Three files, of which the oldest is compressed.
    private func rotated(_ format: LogFile.Format) throws -> Scratch {
        let scratch = try Scratch()
        try FileSystem.replace("\(scratch.log).2", with: Self.file(1...1000, format), mode: 0o600)
        try FileSystem.replace("\(scratch.log).1", with: Self.file(1001...2000, format), mode: 0o600)
        try LogFiles(path: scratch.log).compress(count: 3)
        try FileSystem.replace("\(scratch.log).1", with: Self.file(1001...2000, format), mode: 0o600)
        try FileSystem.remove("\(scratch.log).1.gz")
        try FileSystem.replace(scratch.log, with: Self.file(2001...2500, format), mode: 0o600)
        return scratch
    }

    @Test(arguments: [LogFile.Format.jsonLines, .records])
    func readsAllFiles(format: LogFile.Format) async throws {
        let scratch = try rotated(format)
        #expect(try FileSystem.list(scratch.path).sorted() == ["log", "log.1", "log.2.gz"])
        #expect(try await read(scratch.log, format) == expected(1...2500))
        #expect(try await read("\(scratch.path)/missing/log", format) == [])
    }

    @Test(arguments: [LogFile.Format.jsonLines, .records], [0, 1, 499, 500, 501, 1499, 1500, 1501, 2499, 2500, 9999])
    func tails(format: LogFile.Format, count: Int) async throws {
        let scratch = try rotated(format)
        #expect(try await read(scratch.log, format) { $0.tail = count } == expected(1...2500).suffix(count))
    }

    @Test(arguments: [LogFile.Format.jsonLines, .records])
    func filters(format: LogFile.Format) async throws {
        let scratch = try rotated(format)
        #expect(try await read(scratch.log, format) { $0.stdout = false } == expected(stride(from: 10, through: 2500, by: 10)))
        let some = try await read(scratch.log, format) { query in
            query.since = Timestamp(seconds: 1_700_001_990)
            query.until = Timestamp(seconds: 1_700_002_010)
        }
        #expect(some == expected(1990...2010))
        // Lines are counted before they are chosen.
        #expect(try await read(scratch.log, format) { ($0.stdout, $0.tail) = (false, 15) } == expected([2490, 2500]))
    }

    @Test func attributesOfRecords() async throws {
        let scratch = try rotated(.records)
        #expect(try await read(scratch.log, .records) { ($0.details, $0.tail) = (true, 1) } == ["line 2500v"])
    }

    @Test(arguments: [LogFile.Format.jsonLines, .records])
    func leavesTornEndsOut(format: LogFile.Format) async throws {
        let scratch = try Scratch()
        let content = Self.file(1...3, format)
        try FileSystem.replace(scratch.log, with: Array(content.dropLast(3)), mode: 0o600)
        #expect(try await read(scratch.log, format) == expected(1...2))
    }

    @Test func refusesDamagedRecords() async throws {
        let scratch = try Scratch()
        var content = Self.file(1...100, .records)
        content[40] ^= 0xFF
        try FileSystem.replace(scratch.log, with: content, mode: 0o600)
        await #expect(throws: GantryError.self) { try await read(scratch.log, .records) }
    }

    /// The quick way and the careful way say the same, however the bytes are cut.
    @Test func quickAndCarefulAgree() throws {
        let texts = [
            #"{"log":"plain\n","stream":"stdout","time":"2026-01-02T03:04:05.6Z"}"#,
            #"{"log":"\u0041\u001b\t\r\"\\é\u00e9\ud83d\ude00\u2028\/","stream":"stderr","time":"2026-01-02T03:04:05Z"}"#,
            #"{"log":"a","stream":"stdout","attrs":{"x":"}\"time\":\""},"time":"2026-01-02T03:04:05Z"}"#,
            #"{"log":"","stream":"stdout","time":"2026-01-02T03:04:05+01:00"}"#, #"{"log":"torn"#, "garbage", "",
            #"{"log":"x","stream":"stdout","time":"never"}"#,
        ]
        let content = Array(texts.joined(separator: "\n").utf8) + [10]
        var query = LogQuery()
        (query.stdout, query.stderr, query.timestamps, query.details) = (true, true, true, true)
        for size in [1, 7, content.count] {
            var collector = LogCollector(query)
            var decoder = JSONLogDecoder()
            for start in stride(from: 0, to: content.count, by: size) {
                content[start..<min(start + size, content.count)].withUnsafeBufferPointer { decoder.feed($0, into: &collector) }
            }
            var wanted = LogBatch()
            for text in texts {
                guard let entry = LogLine.parse(Array(text.utf8)[...]) else { continue }
                if !entry.attributes.isEmpty { wanted.attributes.append(entry.attributes) }
                wanted.append(entry.kind, entry.time, entry.bytes, attributes: entry.attributes.isEmpty ? nil : 0)
            }
            #expect(wanted.lines.count == 4)
            #expect(collector.batch == wanted)
        }
    }
}

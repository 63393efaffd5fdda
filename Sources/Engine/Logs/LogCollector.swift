import Essentials

/// Takes the lines of a log in order, leaves out what was not asked for, and makes batches of the rest.
struct LogCollector {
    private let query: LogQuery
    /// Lines at the beginning that are left out.
    var skipped = 0
    /// Lines seen, wanted or not.
    private(set) var seen = 0
    /// A line after the end of the time asked for has come.
    private(set) var isOver = false
    private(set) var batch = LogBatch()

    /// Bytes at which a batch is handed on.
    private static let batchSize = 128 << 10

    init(_ query: LogQuery) { self.query = query }

    /// Whether anything depends on the times of lines.
    var needsTime: Bool { query.timestamps || query.since != nil || query.until != nil }
    var needsAttributes: Bool { query.details }
    var isFull: Bool { batch.bytes.count >= Self.batchSize }

    mutating func take() -> LogBatch {
        defer {
            batch = LogBatch()
            batch.bytes.reserveCapacity(Self.batchSize + (32 << 10))
        }
        return batch
    }

    /// Whether the next line, of this kind and time, is wanted; it is counted.
    mutating func admits(_ kind: OutputKind, _ time: Timestamp) -> Bool {
        seen += 1
        if skipped > 0 {
            skipped -= 1
            return false
        }
        if isOver || !(kind == .stdout ? query.stdout : query.stderr) { return false }
        if let since = query.since, time < since { return false }
        if let until = query.until, time > until {
            isOver = true
            return false
        }
        return true
    }

    // MARK: Text

    /// Where the text of the next line begins.
    var position: Int { batch.bytes.count }

    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) { batch.bytes.append(contentsOf: bytes) }
    mutating func append(_ byte: UInt8) { batch.bytes.append(byte) }
    mutating func append(_ bytes: [UInt8]) { batch.bytes.append(contentsOf: bytes) }

    /// The text from `start` on was none.
    mutating func forget(from start: Int) { batch.bytes.removeLast(batch.bytes.count - start) }

    /// The text from `start` on is a line.
    mutating func end(_ kind: OutputKind, _ time: Timestamp, from start: Int, _ attributes: [String: String]) {
        var index: Int?
        if !attributes.isEmpty {
            // The same for all lines of a run.
            if batch.attributes.last != attributes { batch.attributes.append(attributes) }
            index = batch.attributes.count - 1
        }
        batch.lines.append(LogBatch.Line(kind: kind, time: time, range: start..<batch.bytes.count, attributes: index))
    }
}

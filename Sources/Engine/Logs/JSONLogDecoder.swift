import CLinux
import Essentials

/// Reads `json-file` logs. The lines that our own shim and Docker write are read without making anything of them but their text.
struct JSONLogDecoder {
    /// Of a line that has not ended yet.
    private var rest: [UInt8] = []
    /// The time told last: lines that were written together have the same.
    private var knownTime: [UInt8] = []
    private var time = Timestamp(nanoseconds: 0)

    mutating func feed(_ bytes: UnsafeBufferPointer<UInt8>, into collector: inout LogCollector) {
        guard let base = bytes.baseAddress else { return }
        var start = 0
        while start < bytes.count, let found = memchr(base + start, 10, bytes.count - start) {
            let end = UnsafeRawPointer(base).distance(to: UnsafeRawPointer(found))
            let line = UnsafeBufferPointer(start: base + start, count: end - start)
            if rest.isEmpty {
                decode(line, into: &collector)
            } else {
                rest.append(contentsOf: line)
                let whole = rest
                rest.removeAll(keepingCapacity: true)
                whole.withUnsafeBufferPointer { decode($0, into: &collector) }
            }
            start = end + 1
        }
        rest.append(contentsOf: UnsafeBufferPointer(start: base + start, count: bytes.count - start))
    }

    private mutating func decode(_ line: UnsafeBufferPointer<UInt8>, into collector: inout LogCollector) {
        guard collector.skipped == 0 else { return _ = collector.admits(.stdout, time) }
        let start = collector.position
        if decodeQuickly(line, into: &collector) { return }
        collector.forget(from: start)
        guard let entry = LogLine.parse(ArraySlice(Array(line))), collector.admits(entry.kind, entry.time) else { return }
        collector.append(entry.bytes)
        collector.end(entry.kind, entry.time, from: start, collector.needsAttributes ? entry.attributes : [:])
    }

    /// - Returns: false when the line is not as our shim writes it; what was appended is to be forgotten then.
    private mutating func decodeQuickly(_ line: UnsafeBufferPointer<UInt8>, into collector: inout LogCollector) -> Bool {
        let start = collector.position
        guard Self.has(line, 0, "{\"log\":\""), line.last == UInt8(ascii: "}"), var at = Self.text(line, 8, &collector) else {
            return false
        }
        let kind: OutputKind
        if Self.has(line, at, ",\"stream\":\"stdout\",\"") {
            kind = .stdout
        } else if Self.has(line, at, ",\"stream\":\"stderr\",\"") {
            kind = .stderr
        } else {
            return false
        }
        at += 20
        // Attributes are rare, and may hold anything.
        guard Self.has(line, at - 1, "\"time\":\"") else { return false }
        if collector.needsTime, !readTime(UnsafeBufferPointer(rebasing: line[(at + 7)..<(line.count - 1)])) { return false }
        if collector.admits(kind, time) { collector.end(kind, time, from: start, [:]) } else { collector.forget(from: start) }
        return true
    }

    /// Appends the text that begins at `at`.
    /// - Returns: where the line goes on after the closing quote; nil for an escape that is left to the careful way.
    private static func text(_ line: UnsafeBufferPointer<UInt8>, _ at: Int, _ collector: inout LogCollector) -> Int? {
        guard let base = line.baseAddress else { return nil }
        var at = at
        while true {
            guard let quote = find(34, base, at, line.count) else { return nil }
            guard let escape = find(92, base, at, quote) else {
                collector.append(UnsafeBufferPointer(start: base + at, count: quote - at))
                return quote + 1
            }
            collector.append(UnsafeBufferPointer(start: base + at, count: escape - at))
            guard escape + 1 < line.count else { return nil }
            switch line[escape + 1] {
            case UInt8(ascii: "n"): collector.append(10)
            case UInt8(ascii: "t"): collector.append(9)
            case UInt8(ascii: "r"): collector.append(13)
            case 34, 92: collector.append(line[escape + 1])
            case UInt8(ascii: "u"):
                guard escape + 5 < line.count, line[escape + 2] == 48, line[escape + 3] == 48, let high = digit(line[escape + 4]),
                    let low = digit(line[escape + 5]), high < 8
                else { return nil }
                collector.append(high << 4 | low)
                at = escape + 6
                continue
            default: return nil
            }
            at = escape + 2
        }
    }

    private static func find(_ byte: CInt, _ base: UnsafePointer<UInt8>, _ from: Int, _ end: Int) -> Int? {
        memchr(base + from, byte, end - from).map { UnsafeRawPointer(base).distance(to: UnsafeRawPointer($0)) }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 97...102: byte - 87
        default: nil
        }
    }

    private static func has(_ line: UnsafeBufferPointer<UInt8>, _ at: Int, _ text: StaticString) -> Bool {
        guard at >= 0, line.count - at >= text.utf8CodeUnitCount, let base = line.baseAddress else { return false }
        return memcmp(base + at, text.utf8Start, text.utf8CodeUnitCount) == 0
    }

    /// - Parameter text: the time and its closing quote.
    private mutating func readTime(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard text.last == 34 else { return false }
        let digits = text.dropLast()
        if digits.count == knownTime.count, digits.elementsEqual(knownTime) { return true }
        guard let parsed = Timestamp(rfc3339: String(decoding: digits, as: UTF8.self)) else { return false }
        knownTime = Array(digits)
        time = parsed
        return true
    }
}

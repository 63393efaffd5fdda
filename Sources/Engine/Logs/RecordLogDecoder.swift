import CLinux
import Essentials

/// Reads logs in the shim's compact records (`local`, and the copy of what goes to a log service). The form is told in the shim's
/// `RecordFile`.
struct RecordLogDecoder {
    static let magic: [UInt8] = Array("GLOG1\n".utf8)
    /// Of a header without attributes.
    static let headerSize = 10
    /// Of flags and time.
    static let fixedSize = 9

    private var rest: [UInt8] = []
    private var attributes: [String: String] = [:]
    private var hasHeader: Bool

    /// - Parameter attributes: of a file that is read from somewhere in its middle; nil: the header comes first.
    init(attributes: [String: String]? = nil) {
        self.attributes = attributes ?? [:]
        hasHeader = attributes != nil
    }

    /// - Throws: `invalid` for what is no such file.
    mutating func feed(_ bytes: UnsafeBufferPointer<UInt8>, into collector: inout LogCollector) throws(GantryError) {
        rest.append(contentsOf: bytes)
        var used = 0
        var failure: GantryError?
        rest.withUnsafeBufferPointer { content in
            do throws(GantryError) {
                if !hasHeader {
                    guard let (found, size) = try Self.header(content) else { return }
                    attributes = found
                    hasHeader = true
                    used = size
                }
                while let size = try Self.record(content, used, &collector, attributes) { used += size }
            } catch { failure = error }
        }
        rest.removeFirst(used)
        if let failure { throw failure }
    }

    /// The attributes and size of a header; nil when it is not all there yet.
    static func header(_ content: UnsafeBufferPointer<UInt8>) throws(GantryError) -> ([String: String], Int)? {
        guard content.count >= headerSize else { return nil }
        guard content.starts(with: magic), let length = number(content, 6), length <= 1 << 20 else { throw damaged }
        guard content.count >= headerSize + length else { return nil }
        let text = Array(content[headerSize..<headerSize + length])
        guard let attributes = text.isEmpty ? [:] : LogLine.attributes(text[...]) else { throw damaged }
        return (attributes, headerSize + length)
    }

    static var damaged: GantryError { .invalid("the log is damaged: it cannot be read") }

    private static func number(_ content: UnsafeBufferPointer<UInt8>, _ at: Int) -> Int? {
        guard at + 4 <= content.count else { return nil }
        return Int(content[at]) | Int(content[at + 1]) << 8 | Int(content[at + 2]) << 16 | Int(content[at + 3]) << 24
    }

    /// - Returns: the record's size; nil when it is not all there yet.
    private static func record(
        _ content: UnsafeBufferPointer<UInt8>, _ start: Int, _ collector: inout LogCollector, _ attributes: [String: String]
    ) throws(GantryError) -> Int? {
        guard let length = number(content, start) else { return nil }
        guard (fixedSize...1 << 20).contains(length) else { throw damaged }
        guard start + 8 + length <= content.count else { return nil }
        guard number(content, start + 4 + length) == length else { throw damaged }
        let flags = content[start + 4]
        var nanoseconds: UInt64 = 0
        for index in 0..<8 { nanoseconds |= UInt64(content[start + 5 + index]) << UInt64(8 * index) }
        let kind: OutputKind = flags & 1 != 0 ? .stderr : .stdout
        let time = Timestamp(nanoseconds: Int64(bitPattern: nanoseconds))
        guard collector.admits(kind, time) else { return 8 + length }
        let position = collector.position
        collector.append(UnsafeBufferPointer(rebasing: content[(start + 4 + fixedSize)..<(start + 4 + length)]))
        if flags & 2 == 0 { collector.append(10) }
        collector.end(kind, time, from: position, collector.needsAttributes ? attributes : [:])
        return 8 + length
    }
}

internal import DockerAPI
package import Engine
internal import Essentials

/// How the lines of a log are sent. Source: Engine API 1.51, ContainerLogs.
package struct LogLineFormat: Sendable {
    package var multiplexed: Bool
    package var timestamps: Bool
    package var details: Bool

    package init(multiplexed: Bool, timestamps: Bool, details: Bool) {
        self.multiplexed = multiplexed
        self.timestamps = timestamps
        self.details = details
    }

    /// Of a frame's header.
    private static let headerSize = 8

    /// One frame for each line.
    package func bytes(of batch: LogBatch) -> [UInt8] {
        if !multiplexed && !timestamps && !details && Self.isWhole(batch) { return batch.bytes }
        var writer = FrameWriter(capacity: batch.bytes.count + batch.lines.count * (timestamps ? 48 : Self.headerSize))
        let attributes = details ? batch.attributes.map { Array(Self.text(of: $0).utf8) } : []
        var (knownTime, time) = (Timestamp?.none, [UInt8]())
        batch.bytes.withUnsafeBufferPointer { content in
            for line in batch.lines {
                if timestamps, knownTime != line.time {
                    time = Array((line.time.rfc3339Padded + " ").utf8)
                    knownTime = line.time
                }
                let extra = details ? (line.attributes.map { attributes[$0] } ?? []) + [UInt8(ascii: " ")] : []
                if multiplexed { writer.header(isError: line.kind == .stderr, count: time.count + extra.count + line.range.count) }
                writer.append(time)
                writer.append(extra)
                writer.append(UnsafeBufferPointer(rebasing: content[line.range]))
            }
        }
        return writer.bytes
    }

    /// Nothing but the lines' texts, in order.
    private static func isWhole(_ batch: LogBatch) -> Bool {
        batch.lines.first?.range.lowerBound == 0 && batch.lines.last?.range.upperBound == batch.bytes.count
    }

    /// `key=value,…` in the order of the keys, with what could be mistaken escaped as in a query.
    private static func text(of attributes: [String: String]) -> String {
        attributes.sorted { $0.key < $1.key }.map { "\(escaped($0.key))=\(escaped($0.value))" }.joined(separator: ",")
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: " "): result += "+"
            default: result += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }

    private struct FrameWriter {
        var bytes: [UInt8] = []

        init(capacity: Int) { bytes.reserveCapacity(capacity) }

        mutating func header(isError: Bool, count: Int) {
            let size = UInt32(clamping: count).bigEndian
            // Kind and three zeros, then the size.
            let head = UInt64(isError ? 2 : 1) | UInt64(size) << 32
            withUnsafeBytes(of: head.littleEndian) { bytes.append(contentsOf: $0) }
        }

        mutating func append(_ more: [UInt8]) { if !more.isEmpty { bytes.append(contentsOf: more) } }
        mutating func append(_ more: UnsafeBufferPointer<UInt8>) { bytes.append(contentsOf: more) }
    }
}

/// The content type of a stream of output. Source: Engine API 1.51, ContainerAttach.
enum StreamType {
    static let raw = "application/vnd.docker.raw-stream"

    static func name(terminal: Bool, version: APIVersion) -> String {
        terminal || version < APIVersion(1, 42) ? raw : "application/vnd.docker.multiplexed-stream"
    }
}

internal import Essentials

/// Writes a tar stream: ustar, with a pax header only before members that need one. Equal calls give equal bytes.
///
/// Times are written in whole seconds. Used by one thread at a time.
package final class TarWriter {
    private let sink: ArchiveSink
    private var buffer: [UInt8] = []
    private var remaining: Int64 = 0
    private var padding = 0
    private static let bufferSize = 256 << 10

    package init(_ sink: @escaping ArchiveSink) {
        self.sink = sink
        buffer.reserveCapacity(Self.bufferSize + 4096)
    }

    /// Begins a member; exactly `entry.size` bytes of content must follow.
    package func begin(_ entry: TarEntry) throws {
        try endMember()
        guard !entry.name.contains(0), !entry.linkName.contains(0) else {
            throw GantryError.invalid("a name in a tar archive contains a zero byte")
        }
        let records = Self.records(for: entry)
        if !records.isEmpty {
            var header = TarEntry(name: Array("PaxHeaders.0/entry".utf8), kind: .regular, size: Int64(records.count))
            header.permissions = 0o644
            append(Self.block(header, type: UInt8(ascii: "x")))
            append(records)
            append([UInt8](repeating: 0, count: (512 - records.count % 512) % 512))
        }
        append(Self.block(entry, type: Self.type(of: entry.kind)))
        remaining = entry.kind == .regular ? entry.size : 0
        padding = Int((512 - remaining % 512) % 512)
        if buffer.count >= Self.bufferSize { try flush() }
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard Int64(bytes.count) <= remaining else { throw GantryError.internal("more content than the tar header announced") }
        remaining -= Int64(bytes.count)
        if bytes.count >= 32 << 10 {
            try flush()
            try sink(bytes)
        } else {
            buffer.append(contentsOf: bytes)
            if buffer.count >= Self.bufferSize { try flush() }
        }
    }

    /// A whole small member.
    package func add(_ entry: TarEntry, content: [UInt8] = []) throws {
        var entry = entry
        if entry.kind == .regular { entry.size = Int64(content.count) }
        try begin(entry)
        try content.withUnsafeBytes { try write($0) }
    }

    /// Ends the member and hands all that was written to the sink.
    package func settle() throws {
        try endMember()
        try flush()
    }

    /// Ends the archive: two blocks of zeros.
    package func finish() throws {
        try endMember()
        append([UInt8](repeating: 0, count: 1024))
        try flush()
    }

    private func endMember() throws {
        guard remaining == 0 else { throw GantryError.internal("\(remaining) bytes less content than the tar header announced") }
        if padding > 0 { buffer.append(contentsOf: repeatElement(0, count: padding)) }
        padding = 0
    }

    private func append(_ bytes: [UInt8]) { buffer.append(contentsOf: bytes) }

    private func flush() throws {
        guard !buffer.isEmpty else { return }
        try buffer.withUnsafeBytes { try sink($0) }
        buffer.removeAll(keepingCapacity: true)
    }

    // MARK: Headers

    private static let largestOctal7: Int64 = 0o7777777
    private static let largestOctal11: Int64 = 0o77777777777

    /// Records for what does not fit the fields of ustar, sorted by key.
    private static func records(for entry: TarEntry) -> [UInt8] {
        var records: [(String, [UInt8])] = []
        if entry.name.count > 100 || entry.name.contains(where: { $0 >= 128 }) { records.append(("path", entry.name)) }
        if entry.linkName.count > 100 || entry.linkName.contains(where: { $0 >= 128 }) {
            records.append(("linkpath", entry.linkName))
        }
        if entry.size > largestOctal11 { records.append(("size", Array(String(entry.size).utf8))) }
        if Int64(entry.userID) > largestOctal7 { records.append(("uid", Array(String(entry.userID).utf8))) }
        if Int64(entry.groupID) > largestOctal7 { records.append(("gid", Array(String(entry.groupID).utf8))) }
        let time = wholeSeconds(entry.modifiedAt)
        if time < 0 || time > largestOctal11 { records.append(("mtime", Array(String(time).utf8))) }
        for (name, value) in entry.attributes { records.append(("SCHILY.xattr." + name, value)) }
        records.sort { $0.0 < $1.0 }
        return records.flatMap { PaxRecords.record($0.0, $0.1) }
    }

    private static func wholeSeconds(_ nanoseconds: Int64) -> Int64 {
        nanoseconds >= 0 ? nanoseconds / 1_000_000_000 : (nanoseconds - 999_999_999) / 1_000_000_000
    }

    private static func type(of kind: TarEntry.Kind) -> UInt8 {
        switch kind {
        case .regular: UInt8(ascii: "0")
        case .hardLink: UInt8(ascii: "1")
        case .symbolicLink: UInt8(ascii: "2")
        case .characterDevice: UInt8(ascii: "3")
        case .blockDevice: UInt8(ascii: "4")
        case .directory: UInt8(ascii: "5")
        case .fifo: UInt8(ascii: "6")
        }
    }

    private static func block(_ entry: TarEntry, type: UInt8) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: some Collection<UInt8>, _ start: Int) {
            block.replaceSubrange(start..<start + bytes.count, with: bytes)
        }
        // Values that do not fit stand in the pax header; the field then holds what fits.
        func octal(_ value: Int64, _ start: Int, _ digits: Int) {
            var rest = value < 0 || value >> (3 * Int64(digits)) != 0 ? 0 : value
            for place in (start..<start + digits).reversed() {
                block[place] = UInt8(48 + rest & 7)
                rest >>= 3
            }
        }
        put(entry.name.prefix(100), 0)
        octal(Int64(entry.permissions), 100, 7)
        octal(Int64(entry.userID), 108, 7)
        octal(Int64(entry.groupID), 116, 7)
        octal(entry.kind == .regular ? entry.size : 0, 124, 11)
        octal(wholeSeconds(entry.modifiedAt), 136, 11)
        block[156] = type
        put(entry.linkName.prefix(100), 157)
        put("ustar\u{0}00".utf8, 257)
        octal(Int64(entry.deviceMajor), 329, 7)
        octal(Int64(entry.deviceMinor), 337, 7)
        put(repeatElement(UInt8(32), count: 8), 148)
        let sum = block.reduce(Int64(0)) { $0 + Int64($1) }
        octal(sum, 148, 6)
        block[154] = 0
        return block
    }
}

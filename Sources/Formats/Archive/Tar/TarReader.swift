internal import Essentials

/// Reads a tar stream member by member: ustar, pax records (with `SCHILY.xattr.`), GNU long names.
///
/// Nothing is collected but headers, so memory does not depend on the archive. Used by one thread at a time.
package final class TarReader {
    /// Pax records and GNU long names above this are refused.
    static let maximumMetadataBytes: Int64 = 1 << 20

    private let source: ArchiveSource
    private var chunk: [UInt8] = []
    private var offset = 0
    /// Content of the current member that was not read yet, and the padding after it.
    private var remaining: Int64 = 0
    private var padding = 0
    private var ended = false
    /// Changes a member's head before anybody sees it, to give it another name for example.
    package var transform: ((inout TarEntry) -> Void)?

    package init(_ source: @escaping ArchiveSource) { self.source = source }

    /// Skips what is left of the current member and reads the next header.
    /// - Returns: nil at the end of the archive.
    /// - Throws: `invalid` for a malformed or truncated archive.
    package func next() throws -> TarEntry? {
        if ended { return nil }
        try skip(remaining + Int64(padding))
        remaining = 0
        padding = 0
        var records = PaxRecords()
        var longName: [UInt8]?
        var longLink: [UInt8]?
        while true {
            guard let header = try readHeader() else {
                ended = true
                return nil
            }
            switch header.type {
            case UInt8(ascii: "x"): try records.parse(try readMetadata(header.size))
            case UInt8(ascii: "g"): _ = try readMetadata(header.size)
            case UInt8(ascii: "L"): longName = Array(try readMetadata(header.size).prefix { $0 != 0 })
            case UInt8(ascii: "K"): longLink = Array(try readMetadata(header.size).prefix { $0 != 0 })
            default:
                var entry = try Self.entry(header, longName: longName, longLink: longLink)
                try records.apply(to: &entry)
                // Old archives mark a directory by the slash at the end of its whole name.
                if entry.kind == .regular, entry.name.last == 47 { entry.kind = .directory }
                guard entry.size >= 0, entry.size < 1 << 60 else {
                    throw GantryError.invalid("invalid tar header: size of `\(entry.nameText)` out of range")
                }
                // A size on anything but a file is kept by some writers; there is content only for files.
                if entry.kind != .regular { entry.size = 0 }
                remaining = entry.size
                padding = Int((512 - entry.size % 512) % 512)
                transform?(&entry)
                return entry
            }
        }
    }

    /// Reads the content of the current member in pieces of whatever size the source gives.
    package func readContent(_ body: ArchiveSink) throws {
        while remaining > 0 {
            let piece = try available(remaining)
            try chunk.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[offset..<offset + piece])) }
            offset += piece
            remaining -= Int64(piece)
        }
    }

    /// The whole content of the current member.
    /// - Throws: `invalid` when it has more than `limit` bytes.
    package func readAll(limit: Int) throws -> [UInt8] {
        guard remaining <= Int64(limit) else {
            throw GantryError.invalid("archive member has \(remaining) bytes, expected at most \(limit)")
        }
        var result: [UInt8] = []
        result.reserveCapacity(Int(remaining))
        try readContent { result.append(contentsOf: $0) }
        return result
    }

    /// Reads the source to its end, past the archive's end marker, so that a digest over the source covers all of it.
    package func drain() throws {
        offset = chunk.count
        while try source() != nil {}
        chunk = []
        offset = 0
        ended = true
    }

    // MARK: Bytes

    /// Makes at least one byte of the chunk available, at most `limit`.
    private func available(_ limit: Int64) throws -> Int {
        guard try fill() else { throw GantryError.invalid("unexpected EOF") }
        return Int(min(limit, Int64(chunk.count - offset)))
    }

    /// - Returns: false at the end of the source.
    private func fill() throws -> Bool {
        while offset == chunk.count {
            guard let next = try source() else { return false }
            chunk = next
            offset = 0
        }
        return true
    }

    private func skip(_ count: Int64) throws {
        var left = count
        while left > 0 {
            let piece = try available(left)
            offset += piece
            left -= Int64(piece)
        }
    }

    private func readHeader() throws -> TarHeader? {
        guard try fill() else { return nil }
        if chunk.count - offset >= 512 {
            defer { offset += 512 }
            return try chunk.withUnsafeBytes { try TarHeader(block: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + 512])) }
        }
        let block = try take(512)
        return try block.withUnsafeBytes { try TarHeader(block: $0) }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(count)
        while result.count < count {
            let piece = try available(Int64(count - result.count))
            result.append(contentsOf: chunk[offset..<offset + piece])
            offset += piece
        }
        return result
    }

    private func readMetadata(_ size: Int64) throws -> [UInt8] {
        guard size >= 0, size <= Self.maximumMetadataBytes else {
            throw GantryError.invalid(
                "invalid tar header: \(size) bytes of extended header, expected at most \(Self.maximumMetadataBytes)")
        }
        let bytes = try take(Int(size))
        try skip((512 - size % 512) % 512)
        return bytes
    }

    // MARK: Headers

    private static func entry(_ header: TarHeader, longName: [UInt8]?, longLink: [UInt8]?) throws(GantryError) -> TarEntry {
        let name = longName ?? header.name
        guard let user = UInt32(exactly: header.userID), let group = UInt32(exactly: header.groupID) else {
            throw .invalid("invalid tar header: owner out of range")
        }
        var entry = TarEntry(
            name: name, kind: try kind(of: header.type, name: name), permissions: UInt32(truncatingIfNeeded: header.mode) & 0o7777,
            userID: user, groupID: group, size: header.size, modifiedAt: seconds(header.modifiedAt),
            linkName: longLink ?? header.linkName)
        guard let major = UInt32(exactly: header.deviceMajor), let minor = UInt32(exactly: header.deviceMinor) else {
            throw .invalid("invalid tar header: device number out of range")
        }
        entry.deviceMajor = major
        entry.deviceMinor = minor
        return entry
    }

    /// Nanoseconds, kept within what they can hold.
    static func seconds(_ value: Int64) -> Int64 { min(max(value, -9_000_000_000), 9_000_000_000) * 1_000_000_000 }

    private static func kind(of type: UInt8, name: [UInt8]) throws(GantryError) -> TarEntry.Kind {
        switch type {
        case UInt8(ascii: "0"), 0, UInt8(ascii: "7"): .regular
        case UInt8(ascii: "1"): .hardLink
        case UInt8(ascii: "2"): .symbolicLink
        case UInt8(ascii: "3"): .characterDevice
        case UInt8(ascii: "4"): .blockDevice
        case UInt8(ascii: "5"): .directory
        case UInt8(ascii: "6"): .fifo
        case UInt8(ascii: "S"): throw .unsupported("sparse file `\(String(decoding: name, as: UTF8.self))` in tar archive")
        default:
            throw .invalid("unknown type \(type) of `\(String(decoding: name, as: UTF8.self))` in tar archive")
        }
    }
}

internal import CLinux

/// One netlink message while it is being written: header, fixed part, attributes. Source: rfc3549, include/uapi/linux/netlink.h.
package struct NetlinkMessage: Sendable {
    package private(set) var bytes: [UInt8]

    package init(type: UInt16, flags: UInt16) {
        bytes = []
        append(UInt32(0))
        append(type)
        append(flags)
        append(UInt32(0))
        append(UInt32(0))
    }

    /// Writes an integer in host order.
    package mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }

    /// An attribute with bytes as they are, padded to four.
    package mutating func attribute(_ type: Int, _ value: some Collection<UInt8>) {
        append(UInt16(4 + value.count))
        append(UInt16(type))
        bytes.append(contentsOf: value)
        pad()
    }

    package mutating func attribute(_ type: Int, _ value: some FixedWidthInteger) {
        attribute(type, withUnsafeBytes(of: value) { Array($0) })
    }

    /// A text attribute with its final zero.
    package mutating func attribute(_ type: Int, text: String) { attribute(type, Array(text.utf8) + [0]) }

    /// An attribute whose value is what `body` writes.
    package mutating func nested(_ type: Int, _ body: (inout NetlinkMessage) -> Void) {
        let start = bytes.count
        append(UInt16(0))
        append(UInt16(type) | UInt16(NLA_F_NESTED))
        body(&self)
        store(UInt16(bytes.count - start), at: start)
        pad()
    }

    /// The whole message with its length and `sequence` filled in.
    package func finished(sequence: UInt32) -> [UInt8] {
        var copy = self
        copy.store(UInt32(bytes.count), at: 0)
        copy.store(sequence, at: 8)
        return copy.bytes
    }

    private mutating func pad() { while bytes.count % 4 != 0 { bytes.append(0) } }

    private mutating func store(_ value: some FixedWidthInteger, at offset: Int) {
        withUnsafeBytes(of: value) { bytes.replaceSubrange(offset..<offset + $0.count, with: $0) }
    }
}

/// Attributes of a message, read with every length checked: what does not fit ends the list.
package struct AttributeReader: Sendable {
    /// By type without the nested flag; the last of a kind wins.
    private var values: [UInt16: ArraySlice<UInt8>] = [:]

    package init(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        while rest.count >= 4 {
            let length = Int(rest.loadInteger(at: 0, as: UInt16.self)!)
            guard length >= 4, length <= rest.count else { return }
            let type = rest.loadInteger(at: 2, as: UInt16.self)! & 0x3fff
            values[type] = rest.dropFirst(4).prefix(length - 4)
            rest = rest.dropFirst((length + 3) & ~3)
        }
    }

    package func bytes(_ type: Int) -> ArraySlice<UInt8>? { values[UInt16(type)] }
    package func integer<T: FixedWidthInteger>(_ type: Int, as: T.Type) -> T? { bytes(type)?.loadInteger(at: 0, as: T.self) }
    /// Text up to its zero.
    package func text(_ type: Int) -> String? { bytes(type).map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) } }
    package func nested(_ type: Int) -> AttributeReader? { bytes(type).map { AttributeReader($0) } }
    package func address(_ type: Int) -> IPAddress? { bytes(type).flatMap { IPAddress(bytes: $0) } }
}

extension ArraySlice<UInt8> {
    /// An integer in host order `offset` bytes after the start; nil when it does not fit.
    package func loadInteger<T: FixedWidthInteger>(at offset: Int, as: T.Type) -> T? {
        let size = T.bitWidth / 8
        guard offset >= 0, count >= offset + size else { return nil }
        return withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: T.self) }
    }
}

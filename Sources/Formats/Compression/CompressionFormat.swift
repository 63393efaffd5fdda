/// How a stream is compressed, told by its first bytes. Source: oci.md of the reference, Layer tar, compression.
package enum CompressionFormat: String, Sendable, Equatable {
    case none, gzip, zstd, bzip2, xz

    /// Bytes that ``detect(_:)`` needs to be sure.
    package static let prefixLength = 6

    /// - Parameter prefix: the first bytes of the stream, fewer only when it is shorter.
    package static func detect(_ prefix: some Sequence<UInt8>) -> CompressionFormat {
        let bytes = Array(prefix.prefix(prefixLength))
        if bytes.starts(with: [0x1f, 0x8b, 0x08]) { return .gzip }
        if bytes.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) { return .zstd }
        // A skippable frame of zstd: 184D2A50…5F, little endian.
        if bytes.count >= 4, bytes[0] & 0xf0 == 0x50, bytes[1...3].elementsEqual([0x2a, 0x4d, 0x18]) { return .zstd }
        if bytes.starts(with: [0x42, 0x5a, 0x68]) { return .bzip2 }
        if bytes.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]) { return .xz }
        return .none
    }
}

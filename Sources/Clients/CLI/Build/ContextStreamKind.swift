/// What the first bytes of a context read from standard input say that it is.
enum ContextStreamKind: Equatable {
    case archive
    case dockerfile

    /// Bytes that ``detect(_:)`` wants to see.
    static let headerSize = 512

    /// An archive when it begins as one of the compressed formats or has a tar header; a Dockerfile otherwise.
    static func detect(_ header: [UInt8]) -> ContextStreamKind {
        let magics: [[UInt8]] = [
            [0x1F, 0x8B, 0x08], Array("BZh".utf8), [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], [0x28, 0xB5, 0x2F, 0xFD],
        ]
        if magics.contains(where: { header.starts(with: $0) }) { return .archive }
        return isTarHeader(header) ? .archive : .dockerfile
    }

    /// True for a block whose checksum fits (POSIX ustar; also the older format without a magic word).
    private static func isTarHeader(_ block: [UInt8]) -> Bool {
        guard block.count >= 512 else { return false }
        let text = block[148..<156].drop { $0 == 32 }.prefix { $0 >= 48 && $0 <= 55 }
        guard let expected = Int(String(decoding: text, as: UTF8.self), radix: 8) else { return false }
        let sum = block[..<512].enumerated().reduce(0) { $0 + ((148..<156).contains($1.offset) ? 32 : Int($1.element)) }
        return sum == expected
    }
}

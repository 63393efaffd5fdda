import Compression
import Essentials
import Testing

/// Pseudo-random but compressible bytes, the same in every run.
private func sample(_ count: Int) -> [UInt8] {
    var state: UInt32 = 12345
    return (0..<count).map { index in
        if index % 97 < 60 { return UInt8(index / 97 & 0xff) }
        state = state &* 1_664_525 &+ 1_013_904_223
        return UInt8(state >> 24)
    }
}

private func compress(
    _ bytes: [UInt8], _ format: Compressor.Format, level: Int? = nil, pieces: Int = 40000
) throws -> [UInt8] {
    var result: [UInt8] = []
    let compressor = try Compressor(format, level: level) { result.append(contentsOf: $0) }
    var rest = bytes[...]
    while !rest.isEmpty {
        try Array(rest.prefix(pieces)).withUnsafeBytes { try compressor.write($0) }
        rest = rest.dropFirst(pieces)
    }
    try compressor.finish()
    return result
}

private func decompress(_ bytes: [UInt8], pieces: Int = 5000, limit: Int64 = .max) throws -> [UInt8] {
    var rest = bytes[...]
    let stream = try Decompressor(limit: limit) {
        if rest.isEmpty { return nil }
        defer { rest = rest.dropFirst(pieces) }
        return Array(rest.prefix(pieces))
    }
    var result: [UInt8] = []
    while let chunk = try stream.next() { result += chunk }
    return result
}

/// `hello hello hello\n` as `bzip2` and `xz` write it.
private let bzip2Sample: [UInt8] = [
    0x42, 0x5a, 0x68, 0x39, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, 0xe5, 0xb5, 0xf3, 0x09, 0x00, 0x00, 0x04, 0x51, 0x00, 0x00, 0x10,
    0x40,
    0x00, 0x02, 0x44, 0xa0, 0x00, 0x21, 0xb5, 0x18, 0x0c, 0x02, 0x90, 0x69, 0xc2, 0xa3, 0x0b, 0xb9, 0x22, 0x9c, 0x28, 0x48, 0x72,
    0xda,
    0xf9, 0x84, 0x80,
]
private let xzSample: [UInt8] = [
    0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x04, 0xe6, 0xd6, 0xb4, 0x46, 0x02, 0x00, 0x21, 0x01, 0x16, 0x00, 0x00, 0x00, 0x74,
    0x2f,
    0xe5, 0xa3, 0xe0, 0x00, 0x11, 0x00, 0x0c, 0x5d, 0x00, 0x34, 0x19, 0x49, 0xee, 0x8d, 0xe9, 0x4f, 0x7e, 0x21, 0x21, 0xb0, 0x00,
    0x00,
    0x1f, 0x01, 0xd9, 0xc8, 0x87, 0xc1, 0x43, 0xc8, 0x00, 0x01, 0x28, 0x12, 0xc9, 0x6a, 0x62, 0x8e, 0x1f, 0xb6, 0xf3, 0x7d, 0x01,
    0x00,
    0x00, 0x00, 0x00, 0x04, 0x59, 0x5a,
]
private let helloText = Array("hello hello hello\n".utf8)

@Suite struct CompressionTests {
    @Test(arguments: [(Compressor.Format.gzip, [0, 1, 6, 9]), (.zstd, [0, 1, 22])])
    func levels(_ format: Compressor.Format, _ levels: [Int]) throws {
        let bytes = sample(300_000)
        for level in levels {
            let packed = try compress(bytes, format, level: level)
            #expect(try decompress(packed) == bytes)
            #expect(try compress(bytes, format, level: level, pieces: 1000) == packed)
        }
        #expect(throws: GantryError.self) { try compress(bytes, format, level: 23) }
        #expect(throws: GantryError.self) { try compress(bytes, format, level: -1) }
    }

    @Test(arguments: [Compressor.Format.gzip, .zstd]) func whatGoesInComesOut(format: Compressor.Format) throws {
        for count in [0, 1, 1000, 1_000_000] {
            let bytes = sample(count)
            let packed = try compress(bytes, format)
            #expect(try decompress(packed) == bytes)
            if count == 1_000_000 { #expect(packed.count < count * 3 / 4) }
        }
        #expect(try decompress(compress(sample(5000), format), pieces: 1) == sample(5000))
    }

    @Test func equalInputGivesEqualOutput() throws {
        #expect(try compress(sample(100_000), .gzip) == compress(sample(100_000), .gzip))
        #expect(Array(try compress(sample(10), .gzip)[3..<8]) == [0, 0, 0, 0, 0])
    }

    @Test(arguments: [1, 7, 64, 100_000]) func membersInARowAreOneStream(pieces: Int) throws {
        let first = sample(3000)
        #expect(try decompress(compress(first, .gzip) + compress(first, .gzip), pieces: pieces) == first + first)
        #expect(try decompress(compress(first, .zstd) + compress(first, .zstd), pieces: pieces) == first + first)
        #expect(try decompress(bzip2Sample + bzip2Sample, pieces: pieces) == helloText + helloText)
        #expect(try decompress(xzSample + xzSample, pieces: pieces) == helloText + helloText)
        let skippable: [UInt8] = [0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9]
        #expect(try decompress(skippable + compress(first, .zstd), pieces: pieces) == first)
    }

    @Test func zerosAfterAGzipMemberAreIgnoredAndOtherBytesAreNot() throws {
        let packed = try compress(sample(100), .gzip)
        #expect(try decompress(packed + [0, 0, 0]) == sample(100))
        #expect(throws: GantryError.self) { try decompress(packed + [1, 2, 3]) }
    }

    @Test func truncatedInputIsAnError() throws {
        let bytes = sample(20000)
        let streams = [try compress(bytes, .gzip), try compress(bytes, .zstd), bzip2Sample, xzSample]
        for stream in streams {
            for cut in [7, stream.count / 2, stream.count - 1] where cut > 6 {
                #expect(throws: GantryError.self) { try decompress(Array(stream[..<cut])) }
            }
        }
    }

    @Test func damagedInputIsAnError() throws {
        for format in [Compressor.Format.gzip, .zstd] {
            var packed = try compress(sample(20000), format)
            packed[packed.count / 2] ^= 0x55
            #expect(throws: GantryError.self) { try decompress(packed) }
        }
    }

    @Test func aBombStopsAtTheLimit() throws {
        let packed = try compress([UInt8](repeating: 0, count: 20_000_000), .gzip)
        #expect(packed.count < 200_000)
        #expect(throws: GantryError.self) { try decompress(packed, limit: 1_000_000) }
        #expect(throws: GantryError.self) { try decompress(sample(2000), limit: 1000) }
    }

    @Test func whatIsNotCompressedPassesThrough() throws {
        #expect(try decompress(sample(10000)) == sample(10000))
        #expect(try decompress([]) == [])
        #expect(try decompress([0x1f]) == [0x1f])
    }
}

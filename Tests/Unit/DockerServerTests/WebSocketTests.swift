import Testing

@testable import DockerServer

@Suite struct WebSocketTests {
    private func hex(_ bytes: [UInt8]) -> String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

    /// Source: FIPS 180-4's examples, and the empty message.
    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"), ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"),
    ])
    func digests(message: String, digest: String) { #expect(hex(SHA1.digest(of: Array(message.utf8))) == digest) }

    /// Source: RFC 6455, 1.3.
    @Test func acceptance() { #expect(WebSocketHandshake.accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") }

    private func frame(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let mask: [UInt8] = [9, 8, 7, 6]
        let length: [UInt8] =
            payload.count < 126 ? [0x80 | UInt8(payload.count)] : [0xFE, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
        return [first] + length + mask + payload.enumerated().map { $1 ^ mask[$0 & 3] }
    }

    @Test(arguments: [1, 2, 5, 4096])
    func framesHoweverCut(size: Int) throws {
        let long = (0..<300).map { UInt8($0 & 255) }
        let input =
            frame(0x82, [1, 2, 3]) + frame(0x01, [4]) + frame(0x89, [5]) + frame(0x80, long) + frame(0x8A, [])
            + frame(0x88, [3, 232])
        var decoder = WebSocketDecoder()
        var data: [UInt8] = []
        var others: [WebSocketDecoder.Event] = []
        for start in stride(from: 0, to: input.count, by: size) {
            for event in try decoder.feed(Array(input[start..<min(start + size, input.count)])) {
                if case .data(let bytes) = event { data += bytes } else { others.append(event) }
            }
        }
        #expect(data == [1, 2, 3, 4] + long)
        #expect(others == [.ping([5]), .close])
    }

    @Test(arguments: [[0x82, 0x01, 0x00], [0xC2, 0x80], [0x83, 0x80], [0x09, 0x80], [0x89, 0xFE]] as [[UInt8]])
    func refuses(bytes: [UInt8]) {
        var decoder = WebSocketDecoder()
        #expect(throws: WebSocketDecoder.Malformed.self) { try decoder.feed(bytes) }
    }

    @Test(arguments: [(125, 2), (126, 4), (65535, 4), (65536, 10)])
    func lengths(count: Int, header: Int) {
        let frame = WebSocketFrame.binary([UInt8](repeating: 7, count: count))
        #expect(frame.count == count + header)
        #expect(frame[0] == 0x82)
    }
}

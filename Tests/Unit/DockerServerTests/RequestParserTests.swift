import DockerServer
import NIOCore
import NIOHTTP1
import Testing

@Suite struct RequestParserTests {
    /// Feeds `text` in pieces of `size` bytes and collects head, body and what is left over.
    private func parse(_ text: String, size: Int) throws -> (RequestHead?, body: String, rest: String) {
        var parser = RequestParser()
        var buffer = ByteBuffer()
        var head: RequestHead?
        var body = ""
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            buffer.writeBytes(bytes.prefix(size))
            bytes = bytes.dropFirst(size)
            if head == nil { head = try parser.head(from: &buffer) }
            guard head != nil else { continue }
            pieces: while true {
                switch try parser.body(from: &buffer) {
                case .bytes(let piece): body += String(buffer: piece)
                case .needsMore, .end: break pieces
                }
            }
        }
        return (head, body, String(buffer: buffer))
    }

    @Test(arguments: [1, 2, 5, 1000])
    func lengths(size: Int) throws {
        let (head, body, rest) = try parse("POST /a?b=c HTTP/1.1\r\nHost: d\r\nContent-Length: 5\r\n\r\nhelloNEXT", size: size)
        #expect(head?.method == "POST")
        #expect(head?.target == "/a?b=c")
        #expect(head?.headers.first(name: "host") == "d")
        #expect(body == "hello")
        #expect(rest == "NEXT")
    }

    @Test(arguments: [1, 3, 1000])
    func chunks(size: Int) throws {
        let text =
            "PUT / HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nT: 1\r\n\r\nraw"
        let (head, body, rest) = try parse(text, size: size)
        #expect(head?.framing == .chunked)
        #expect(body == "hello0123456789")
        #expect(rest == "raw")
    }

    @Test func lenientLineEnds() throws {
        let (head, _, _) = try parse("\r\nGET /_ping HTTP/1.0\nAccept: x\n\n", size: 1000)
        #expect(head?.minorVersion == 0)
        #expect(head?.keepsAlive == false)
        #expect(head?.headers.first(name: "accept") == "x")
    }

    @Test(arguments: [
        ("garbage\r\n\r\n", "Bad Request"), ("GET /_ping HTTP/1.1\r\n\r\n", "Bad Request: missing required Host header"),
        ("GET /_ping HTTP/1.1\r\nHost: a b\r\n\r\n", "Bad Request: malformed Host header"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "Bad Request: too many Host headers"),
        ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", "Bad Request"), ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", "Bad Request"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", "Bad Request"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", "Bad Request"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "Bad Request"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "Bad Request"),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "Bad Request: invalid byte in chunk length"),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n", "Bad Request: invalid byte in chunk length"),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "Bad Request: malformed chunked encoding"),
    ])
    func refused(text: String, reason: String) {
        #expect(throws: MalformedRequest(status: 400, reason: reason)) { try parse(text, size: 1000) }
    }

    @Test func otherVersionsAndCodings() {
        #expect(throws: MalformedRequest(status: 505, reason: "HTTP Version Not Supported: unsupported protocol version")) {
            try parse("PRI * HTTP/2.0\r\n\r\n", size: 1000)
        }
        #expect(throws: MalformedRequest(status: 501, reason: "Not Implemented: unsupported transfer encoding")) {
            try parse("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", size: 1000)
        }
    }

    @Test func headsHaveALimit() {
        var parser = RequestParser(maximumHeadBytes: 100)
        var buffer = ByteBuffer(string: "GET / HTTP/1.1\r\nHost: d\r\nX: " + String(repeating: "x", count: 100))
        #expect(throws: MalformedRequest(status: 431, reason: "Request Header Fields Too Large")) { try parser.head(from: &buffer) }
    }

    @Test func headersOfConnections() throws {
        let (close, _, _) = try parse("GET / HTTP/1.1\r\nHost: d\r\nConnection: Close\r\n\r\n", size: 1000)
        #expect(close?.keepsAlive == false)
        let (old, _, _) = try parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", size: 1000)
        #expect(old?.keepsAlive == true)
        let (upgrade, _, _) = try parse("POST / HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n", size: 1000)
        #expect(upgrade?.upgradeProtocol == "tcp")
        let (stray, _, _) = try parse("POST / HTTP/1.1\r\nHost: d\r\nUpgrade: tcp\r\n\r\n", size: 1000)
        #expect(stray?.upgradeProtocol == nil)
    }
}

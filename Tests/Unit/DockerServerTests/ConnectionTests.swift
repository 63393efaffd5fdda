import DockerAPI
import DockerServer
import Essentials
import Glibc
import Testing

@Suite struct ConnectionTests {
    private let routes: [Route] = [
        Route("GET", "/_ping") { _ in Reply(status: 200, headers: [("Content-Type", "text/plain")], body: .whole(Array("OK".utf8)))
        },
        Route("HEAD", "/_ping") { _ in Reply(status: 200) },
        Route("POST", "/echo") { request in
            Reply(status: 200, body: .whole(try await request.body.collect(limit: 1 << 20) ?? []))
        },
        Route("POST", "/refuse") { _ in throw GantryError.conflict("no") },
        Route("GET", "/fail") { _ in throw GantryError.notFound("No such container: x") },
        Route("GET", "/lines") { _ in
            .bytes("text/plain") { sink in
                try await sink(Array("one\n".utf8))
                try await sink(Array("two\n".utf8))
            }
        },
        Route("GET", "/late") { _ in .bytes("text/plain") { _ in throw GantryError.conflict("before the first byte") } },
        Route("POST", "/progress") { _ in
            .progress { send in
                try await send(.init(status: "Pulling"))
                throw GantryError.internal("broken")
            }
        },
        Route("POST", "/duplex", endsWithClient: true) { request in
            .bytes("text/plain") { sink in
                for try await piece in request.body { try await sink(piece) }
            }
        },
        Route("DELETE", "/gone") { _ in .empty(204) },
    ]

    private func exchange(_ request: String) async throws -> String {
        nonisolated(unsafe) var answer = ""  // written before `with` returns, read after
        try await TestServer.with(routes) { path in
            let client = try RawClient(unix: path)
            try await client.send(request)
            client.closeOutput()
            answer = try await client.receiveAll()
        }
        return answer
    }

    @Test func headersOfEveryAnswer() async throws {
        let answer = try await exchange("GET /v1.45/_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        for header in [
            "Api-Version: 1.51", "Docker-Experimental: false", "Ostype: linux", "Server: Docker/9.9 (linux)", "Content-Length: 2",
        ] {
            #expect(answer.contains("\r\n\(header)\r\n"), "\(header) is missing in \(answer)")
        }
        #expect(answer.hasSuffix("\r\nConnection: close\r\n\r\nOK"))
    }

    @Test func headHasNoBody() async throws {
        let answer = try await exchange("HEAD /_ping HTTP/1.1\r\nHost: d\r\n\r\n")
        #expect(answer.contains("Content-Length: 0\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n"))
        let missing = try await exchange("HEAD /nosuch HTTP/1.1\r\nHost: d\r\n\r\n")
        #expect(missing.hasPrefix("HTTP/1.1 404 Not Found"))
        #expect(missing.contains("Content-Length: 29\r\n"))
        #expect(missing.hasSuffix("\r\n\r\n"))
    }

    @Test(arguments: [
        ("GET /nosuch", 404, "page not found"), ("POST /_ping", 404, "page not found"), ("GET /vfoo/_ping", 404, "page not found"),
        (
            "GET /v1.23/_ping", 400,
            "client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version"
        ),
        ("GET /v1.99/_ping", 400, "client version 1.99 is too new. Maximum supported API version is 1.51"),
        ("GET /v2.0/_ping", 400, "client version 2.0 is too new. Maximum supported API version is 1.51"),
        ("GET /fail", 404, "No such container: x"), ("GET /late", 409, "before the first byte"),
    ])
    func errors(line: String, status: Int, message: String) async throws {
        let answer = try await exchange("\(line) HTTP/1.1\r\nHost: d\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
        #expect(answer.contains("Content-Type: application/json\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n{\"message\":\"\(message)\"}\n"))
    }

    @Test(arguments: [
        ("garbage\r\n\r\n", "400 Bad Request"), ("GET /_ping HTTP/1.1\r\n\r\n", "400 Bad Request: missing required Host header"),
    ])
    func malformed(request: String, reason: String) async throws {
        let answer = try await exchange(request)
        #expect(
            answer == "HTTP/1.1 \(reason)\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n\(reason)")
    }

    @Test func keepAliveAndPipeline() async throws {
        let one = "POST /echo HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\n\r\nab"
        let skipped = "POST /refuse HTTP/1.1\r\nHost: d\r\nContent-Length: 3\r\n\r\nxyz"
        let answer = try await exchange(one + skipped + "DELETE /gone HTTP/1.1\r\nHost: d\r\n\r\n" + one)
        #expect(answer.components(of: "HTTP/1.1 200 OK") == 2)
        #expect(answer.components(of: "HTTP/1.1 409 Conflict") == 1)
        #expect(answer.components(of: "HTTP/1.1 204 No Content") == 1)
        #expect(answer.hasSuffix("\r\n\r\nab"))
    }

    @Test func oldProtocol() async throws {
        let answer = try await exchange("GET /lines HTTP/1.0\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.0 200 OK\r\n"))
        #expect(!answer.contains("chunked"))
        #expect(answer.hasSuffix("\r\n\r\none\ntwo\n"))
    }

    @Test func piecesAreChunks() async throws {
        let answer = try await exchange("GET /lines HTTP/1.1\r\nHost: d\r\n\r\n")
        #expect(answer.contains("Transfer-Encoding: chunked\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n4\r\none\n\r\n4\r\ntwo\n\r\n0\r\n\r\n"))
    }

    @Test func failuresWithinAStreamAreItsLastLine() async throws {
        let answer = try await exchange("POST /progress HTTP/1.1\r\nHost: d\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 200 OK"))
        #expect(answer.contains(#""status":"Pulling""#))
        #expect(answer.contains(#""error":"broken""#))
        #expect(answer.contains(#""errorDetail":{"message":"broken"}"#))
        #expect(answer.hasSuffix("0\r\n\r\n"))
    }

    @Test func continueIsSentWhenTheBodyIsWanted() async throws {
        try await TestServer.with(routes) { path in
            let client = try RawClient(unix: path)
            try await client.send("POST /echo HTTP/1.1\r\nHost: d\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
            #expect(try await client.receive(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try await client.send("hello")
            #expect(try await client.receive(until: "hello").hasPrefix("HTTP/1.1 200 OK"))
        }
    }

    @Test func answersWhileTheBodyIsStillBeingSent() async throws {
        try await TestServer.with(routes) { path in
            let client = try RawClient(unix: path)
            try await client.send("POST /duplex HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
            #expect(try await client.receive(until: "one").hasPrefix("HTTP/1.1 200 OK"))
            try await client.send("3\r\ntwo\r\n")
            #expect(try await client.receive(until: "two\r\n").contains("3\r\ntwo"))
            try await client.send("0\r\n\r\n")
            #expect(try await client.receive(until: "0\r\n\r\n") == "0\r\n\r\n")
        }
    }

    @Test func aLongUnreadBodyDoesNotHideTheAnswer() async throws {
        try await TestServer.with(routes) { path in
            let client = try RawClient(unix: path)
            let body = [UInt8](repeating: 7, count: 4 << 20)
            try await client.send("POST /refuse HTTP/1.1\r\nHost: d\r\nContent-Length: \(body.count)\r\n\r\n")
            try await client.send(body)
            #expect(try await client.receiveAll().hasPrefix("HTTP/1.1 409 Conflict"))
        }
    }

    @Test func pathsAreCleaned() async throws {
        let answer = try await exchange("GET //_ping?a=b HTTP/1.1\r\nHost: d\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 301 Moved Permanently"))
        #expect(answer.contains("Location: /_ping?a=b\r\n"))
        #expect(try await exchange("GET http://x/_ping HTTP/1.1\r\nHost: x\r\n\r\n").hasSuffix("OK"))
        #expect(try await exchange("OPTIONS /anything HTTP/1.1\r\nHost: x\r\n\r\n").hasPrefix("HTTP/1.1 200 OK"))
    }
}

extension String {
    /// How often `text` occurs.
    func components(of text: String) -> Int {
        var count = 0
        var rest = self[...]
        while let range = rest.firstRange(of: text) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}

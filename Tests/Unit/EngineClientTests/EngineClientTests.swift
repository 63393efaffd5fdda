import DockerAPI
import Essentials
import Synchronization
import Testing

@testable import EngineClient

@Suite(.timeLimit(.minutes(1))) struct EngineClientTests {
    private func client(_ server: ScriptedServer) throws -> EngineClient { try EngineClient(address: .unix(path: server.path)) }

    @Test func sendsPathQueryAndBody() async throws {
        let seen = Mutex("")
        try await ScriptedServer.run { peer in
            let request = try await peer.read(until: "}")
            seen.withLock { $0 = request }
            try await peer.send("HTTP/1.1 201 Created\r\nContent-Length: 27\r\n\r\n{\"Id\":\"abc\",\"Warnings\":[]}\n")
        } test: { server in
            var body = ContainerCreateBody()
            body.config.image = "busybox"
            let created = try await client(server).createContainer(body, name: "a b/c")
            #expect(created.id == "abc")
        }
        let request = seen.withLock { $0 }
        #expect(request.hasPrefix("POST /v1.51/containers/create?name=a%20b%2Fc HTTP/1.1\r\n"))
        #expect(request.contains("\r\nContent-Type: application/json\r\n"))
        #expect(request.contains("\"Image\":\"busybox\""))
    }

    @Test func readsChunksThatArriveInPieces() async throws {
        try await ScriptedServer.run { peer in
            _ = try await peer.read(until: "\r\n\r\n")
            for piece in [
                "HTTP/1.1 200 OK\r\nTransfer-", "Encoding: chunked\r\n\r\n1", "0;x=y\r\n{\"status\":\"one\"",
                "}\r\n5\r\n\n{\"st\r\nb\r",
                "\natus\":\"two\"\r\n1\r\n}\r\n0\r\n", "Trailer: x\r\n\r\n",
            ] {
                try await peer.send(piece)
            }
            _ = try await peer.readAll()
        } test: { server in
            var statuses: [String] = []
            for try await message in try await client(server).send(EngineRequest(.get, "/x")).lines(of: JSONMessage.self) {
                statuses.append(message.status ?? "")
            }
            #expect(statuses == ["one", "two"])
        }
    }

    @Test func aBodyThatBreaksOffIsAnError() async throws {
        try await ScriptedServer.run { peer in
            _ = try await peer.read(until: "\r\n\r\n")
            try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        } test: { server in
            let response = try await client(server).send(EngineRequest(.get, "/x"))
            await #expect(throws: GantryError.self) { try await response.bytes() }
        }
    }

    @Test(arguments: [
        (404, GantryError.Kind.notFound), (409, .conflict), (400, .invalid), (401, .unauthenticated), (403, .denied),
        (500, .internal),
        (501, .unsupported), (503, .unavailable),
    ])
    func errorsHaveKindAndMessage(_ status: Int, _ kind: GantryError.Kind) async throws {
        try await ScriptedServer.run { peer in
            _ = try await peer.read(until: "\r\n\r\n")
            try await peer.send(
                "HTTP/1.1 \(status) X\r\nContent-Type: application/json\r\nContent-Length: 30\r\n\r\n{\"message\":\"No such thing: x\"}\n"
            )
        } test: { server in
            do {
                _ = try await client(server).inspectContainer("x")
                Issue.record("no error")
            } catch let error as GantryError {
                #expect(error.kind == kind)
                #expect(error.message == "Error response from daemon: No such thing: x")
                #expect(error.daemonMessage == "No such thing: x")
            }
        }
    }

    @Test func headAndNoContentHaveNoBody() async throws {
        try await ScriptedServer.run { peer in
            let request = try await peer.read(until: "\r\n\r\n")
            let isHead = request.hasPrefix("HEAD")
            try await peer.send(isHead ? "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" : "HTTP/1.1 204 No Content\r\n\r\n")
            _ = try await peer.readAll()
        } test: { server in
            #expect(try await client(server).send(EngineRequest(.head, "/_ping")).bytes() == [])
            try await client(server).pauseContainer("x")
        }
    }

    @Test func bodiesAreStreamedInChunks() async throws {
        let seen = Mutex("")
        try await ScriptedServer.run { peer in
            let request = try await peer.read(until: "\r\n0\r\n\r\n")
            seen.withLock { $0 = request }
            try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        } test: { server in
            let pieces = AsyncThrowingStream<[UInt8], any Error> { continuation in
                for text in ["hello", "", "0123456789abcdef"] { continuation.yield(Array(text.utf8)) }
                continuation.finish()
            }
            try await client(server).copyIn(pieces, to: "/x", of: "c", keepOwners: false)
        }
        let request = seen.withLock { $0 }
        #expect(request.contains("\r\nTransfer-Encoding: chunked\r\n"))
        #expect(request.hasSuffix("\r\n\r\n5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"))
    }

    @Test func aFailingBodyIsNotSentAsComplete() async throws {
        struct Broken: Error {}
        let seen = Mutex("")
        try await ScriptedServer.run { peer in
            let request = try await peer.readAll()
            seen.withLock { $0 = request }
        } test: { server in
            let pieces = AsyncThrowingStream<[UInt8], any Error> { continuation in
                continuation.yield([1])
                continuation.finish(throwing: Broken())
            }
            await #expect(throws: GantryError.self) {
                try await client(server).copyIn(pieces, to: "/x", of: "c", keepOwners: false)
            }
        }
        #expect(!seen.withLock { $0 }.hasSuffix("0\r\n\r\n"))
    }

    @Test func anEarlyAnswerEndsAnUpload() async throws {
        try await ScriptedServer.run { peer in
            _ = try await peer.read(until: "\r\n\r\n")
            try await peer.send("HTTP/1.1 404 Not Found\r\nContent-Length: 22\r\n\r\n{\"message\":\"No such\"}\n")
        } test: { server in
            // Endless: only the answer ends it.
            let pieces = AsyncThrowingStream<[UInt8], any Error> { [UInt8](repeating: 7, count: 4096) }
            do {
                try await client(server).copyIn(pieces, to: "/x", of: "c", keepOwners: false)
                Issue.record("no error")
            } catch let error as GantryError { #expect(error.kind == .notFound) }
        }
    }

    @Test func hijackedConnectionsKeepWhatCameWithTheHeadAndCloseByHalves() async throws {
        let seen = Mutex("")
        try await ScriptedServer.run { peer in
            let request = try await peer.read(until: "\r\n\r\n")
            try await peer.send(
                "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nfirst"
            )
            let input = try await peer.readAll()
            seen.withLock { $0 = request + "|" + input.dropFirst(request.count) }
            // The client's direction is closed; ours is not.
            try await peer.send("last")
        } test: { server in
            let connection = try await client(server).attach("c", AttachOptions())
            #expect(connection.multiplexed == true)
            #expect(try await connection.read() == Array("first".utf8))
            try await connection.write(Array("typed".utf8))
            try await connection.closeWrite()
            #expect(try await connection.read() == Array("last".utf8))
            #expect(try await connection.read() == nil)
        }
        let text = seen.withLock { $0 }
        #expect(text.contains("\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n"))
        #expect(text.hasSuffix("|typed"))
    }

    @Test func aRefusedUpgradeIsTheDaemonsError() async throws {
        try await ScriptedServer.run { peer in
            _ = try await peer.read(until: "\r\n\r\n")
            try await peer.send("HTTP/1.1 409 Conflict\r\nContent-Length: 21\r\n\r\n{\"message\":\"paused\"}\n")
        } test: { server in
            do {
                _ = try await client(server).attach("c", AttachOptions())
                Issue.record("no error")
            } catch let error as GantryError {
                #expect(error.kind == .conflict && error.daemonMessage == "paused")
            }
        }
    }

    @Test func speaksTheDaemonsOlderVersion() async throws {
        try await ScriptedServer.run { peer in
            let request = try await peer.read(until: "\r\n\r\n")
            if request.hasPrefix("GET /v1.51/") {
                let body = "{\"message\":\"client version 1.51 is too new. Maximum supported API version is 1.45\"}"
                try await peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
            } else {
                #expect(request.hasPrefix("GET /v1.45/containers/json"))
                try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n[]\n")
            }
        } test: { server in
            let client = try client(server)
            #expect(try await client.containers().isEmpty)
            #expect(client.apiVersion == "1.45")
        }
    }

    @Test func nobodyListens() async throws {
        let calls = Mutex(0)
        let client = try EngineClient(
            address: .unix(path: "/nonexistent/x.sock"),
            whenRefused: {
                calls.withLock { $0 += 1 }
                return true
            })
        do {
            _ = try await client.containers()
            Issue.record("no error")
        } catch let error as GantryError {
            #expect(error.kind == .unavailable)
            #expect(
                error.message == "Cannot connect to the Gantry daemon at unix:///nonexistent/x.sock. Is the gantry daemon running?")
        }
        #expect(calls.withLock { $0 } == 1)
    }

    @Test func cancellingAReadEndsIt() async throws {
        try await ScriptedServer.run { peer in
            _ = try await peer.read(until: "\r\n\r\n")
            try await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            _ = try await peer.readAll()
        } test: { server in
            let lines = try await client(server).events()
            let task = Task { for try await _ in lines {} }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }
}

@Suite struct EngineAddressTests {
    @Test(arguments: [
        ("unix:///run/x.sock", EngineAddress.unix(path: "/run/x.sock")),
        ("tcp://127.0.0.1:2376", .tcp(host: "127.0.0.1", port: 2376)),
        ("tcp://[::1]:5", .tcp(host: "::1", port: 5)),
        ("tcp://host", .tcp(host: "host", port: 2375)),
        ("http://host:80/path", .tcp(host: "host", port: 80)),
    ])
    func parses(_ text: String, _ expected: EngineAddress) throws {
        #expect(try EngineAddress(text) == expected)
    }

    @Test(arguments: ["foo://bar", "unix://", "tcp://", "tcp://a:b", "tcp://a:99999", "ssh://host"])
    func refuses(_ text: String) {
        #expect(throws: GantryError.self) { try EngineAddress(text) }
    }
}

@Suite struct BodyDecoderTests {
    private func head(_ text: String) throws -> ResponseHead { try #require(ResponseHead(Array(text.utf8))) }

    @Test func everySplitOfAChunkedBodyGivesTheSame() throws {
        let wire = Array("4\r\nwiki\r\n6;a=b\r\npedia \r\n0\r\nX: y\r\n\r\nrest".utf8)
        for split in 0...wire.count {
            var decoder = try BodyDecoder(head("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), bodiless: false)
            let output = try decoder.feed(wire[..<split]) + decoder.feed(wire[split...])
            #expect(output == Array("wikipedia ".utf8))
            #expect(decoder.isDone)
        }
    }

    @Test(arguments: ["zz\r\n", "-1\r\n", "\r\n", "2\r\nabc\r\n", String(repeating: "1", count: 9000)])
    func malformedChunksAreRefused(_ text: String) throws {
        var decoder = try BodyDecoder(head("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), bodiless: false)
        #expect(throws: BodyDecoder.Malformed.self) { try decoder.feed(Array(text.utf8)[...]) }
    }

    @Test func malformedHeadsAreRefused() throws {
        for text in ["", "HTTP/2 200", "HTTP/1.1 2 OK", "HTTP/1.1 200 OK\r\nnocolon\r\n", "SSH-2.0-x"] {
            #expect(ResponseHead(Array(text.utf8))?.status == nil, "\(text)")
        }
        #expect(throws: BodyDecoder.Malformed.self) {
            try BodyDecoder(head("HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n"), bodiless: false)
        }
    }
}

import DockerServer
import Essentials
import Glibc
import Testing

@Suite struct HijackTests {
    private func hijack(_ run: @escaping @Sendable (RawConnection) async throws -> Void) -> [Route] {
        [
            Route("POST", "/attach") { _ in
                Reply(status: 200, body: .hijack(Hijack(contentType: "application/multi", sendsHeaders: false, run: run)))
            }
        ]
    }

    /// Sends back what comes, and a farewell after the client's end of input.
    private var echo: [Route] {
        hijack { connection in
            while let bytes = try await connection.read() { try await connection.write(bytes) }
            try await connection.write(Array("bye".utf8))
        }
    }

    @Test func upgrade() async throws {
        try await TestServer.with(echo) { path in
            let client = try RawClient(unix: path)
            try await client.send(
                "POST /v1.45/attach HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n")
            #expect(
                try await client.receive(until: "\r\n\r\n")
                    == "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/multi\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
            try await client.send("GET / HTTP/1.1\r\n\r\n")
            #expect(try await client.receive(until: "\r\n\r\n") == "GET / HTTP/1.1\r\n\r\n")
            client.closeOutput()
            #expect(try await client.receiveAll() == "bye")
        }
    }

    @Test func withoutUpgradeAndWithInputAtOnce() async throws {
        try await TestServer.with(echo) { path in
            let client = try RawClient(unix: path)
            try await client.send("POST /attach HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\n\r\n{}input")
            client.closeOutput()
            // The body of the request is the route's; this one reads none of it.
            #expect(try await client.receiveAll().hasSuffix("bye"))
        }
    }

    @Test func rawHeadWithoutUpgrade() async throws {
        try await TestServer.with(echo) { path in
            let client = try RawClient(unix: path)
            try await client.send("POST /attach HTTP/1.1\r\nHost: d\r\n\r\n")
            let head = try await client.receive(until: "\r\n\r\n")
            #expect(head == "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n")
            try await client.send("x")
            #expect(try await client.receive(until: "x") == "x")
            client.closeOutput()
            #expect(try await client.receiveAll() == "bye")
        }
    }

    @Test func aClientThatIsGoneEndsTheSession() async throws {
        let ended = Signal()
        let routes = hijack { connection in
            defer { ended.fire() }
            try await connection.write(Array("ready".utf8))
            try await Task.sleep(for: .seconds(3600))
        }
        try await TestServer.with(routes) { path in
            do {
                let client = try RawClient(unix: path)
                try await client.send("POST /attach HTTP/1.1\r\nHost: d\r\n\r\n")
                _ = try await client.receive(until: "ready")
            }
            await ended.wait()
        }
    }

    @Test func aHalfClosedClientStillGetsOutput() async throws {
        let go = Signal()
        let routes = hijack { connection in
            #expect(try await connection.read() == nil)
            await go.wait()
            try await connection.write(Array("late".utf8))
        }
        try await TestServer.with(routes) { path in
            let client = try RawClient(unix: path)
            try await client.send("POST /attach HTTP/1.1\r\nHost: d\r\n\r\n")
            client.closeOutput()
            _ = try await client.receive(until: "\r\n\r\n")
            go.fire()
            #expect(try await client.receiveAll() == "late")
        }
    }

    @Test func aStreamEndsWithItsClient() async throws {
        let ended = Signal()
        let routes = [
            Route("GET", "/events", endsWithClient: true) { _ in
                .bytes("application/json", early: true) { _ in
                    defer { ended.fire() }
                    try await Task.sleep(for: .seconds(3600))
                }
            }
        ]
        try await TestServer.with(routes) { path in
            do {
                let client = try RawClient(unix: path)
                try await client.send("GET /events HTTP/1.1\r\nHost: d\r\n\r\n")
                #expect(try await client.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 200 OK"))
            }
            await ended.wait()
        }
    }

    @Test func aChangeOutlivesItsClient() async throws {
        let started = Signal()
        let go = Signal()
        let finished = Signal()
        let routes = [
            Route("POST", "/start") { _ in
                started.fire()
                await go.wait()
                if !Task.isCancelled { finished.fire() }
                return .empty(204)
            }
        ]
        try await TestServer.with(routes) { path in
            do {
                let client = try RawClient(unix: path)
                try await client.send("POST /start HTTP/1.1\r\nHost: d\r\n\r\n")
                await started.wait()
            }
            go.fire()
            await finished.wait()
        }
    }
}

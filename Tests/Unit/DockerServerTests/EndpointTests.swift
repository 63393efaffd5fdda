import DockerAPI
import DockerServer
import Essentials
import OCI
import Synchronization
import Testing

@testable import Engine

/// Whole requests against an engine of fakes: status, body and what reached the engine.
@Suite struct EndpointTests {
    private let engine = FakeEngine()

    private struct Answer: Sendable {
        var status: Int
        var head: String
        var body: String

        /// The pieces of a chunked body, or the body.
        var pieces: [String] {
            guard head.contains("chunked") else { return [body] }
            var rest = body[...]
            var pieces: [String] = []
            while let end = rest.firstRange(of: "\r\n"), let size = Int(rest[..<end.lowerBound], radix: 16), size > 0 {
                pieces.append(String(decoding: rest[end.upperBound...].utf8.prefix(size), as: UTF8.self))
                rest = Substring(String(decoding: rest[end.upperBound...].utf8.dropFirst(size + 2), as: UTF8.self))
            }
            return pieces
        }
    }

    private func ask(_ line: String, _ body: String = "", headers: String = "") async throws -> Answer {
        nonisolated(unsafe) var text = ""  // written before `with` returns, read after
        let type = body.isEmpty ? "" : "Content-Type: application/json\r\n"
        let request =
            "\(line) HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\(type)\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        try await TestServer.with(DockerRoutes.all(engine: engine, identity: ServerIdentity(version: "9.9"))) { path in
            let client = try RawClient(unix: path)
            try await client.send(request)
            text = try await client.receiveAll()
        }
        let split = try #require(text.firstRange(of: "\r\n\r\n"))
        let status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return Answer(
            status: try #require(status), head: String(text[..<split.lowerBound]), body: String(text[split.upperBound...]))
    }

    @Test(arguments: [
        ("{", "invalid JSON: unexpected EOF"), ("", "invalid JSON: got EOF while reading request body"),
        ("null", "config cannot be empty in order to create a container"),
        ("{}", "config cannot be empty in order to create a container"),
        (#"{"Image":"busybox"} trailing"#, "unexpected content after JSON"),
        (
            #"{"Image":"b","HostConfig":{"RestartPolicy":{"Name":"foo"}}}"#,
            "invalid restart policy: unknown policy 'foo'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'"
        ),
        (
            #"{"Image":"b","HostConfig":{"Mounts":[{"Type":"foo","Target":"/x"}]}}"#,
            #"invalid mount config for type \"foo\": mount type unknown"#
        ),
        (#"{"Image":"b","Healthcheck":{"Interval":1}}"#, "Interval in Healthcheck cannot be less than 1ms"),
    ])
    func createRefuses(body: String, message: String) async throws {
        let answer = try await ask("POST /v1.45/containers/create", body)
        #expect(answer.status == 400)
        #expect(answer.body == "{\"message\":\"\(message)\"}\n")
    }

    @Test func createPassesOn() async throws {
        let body = """
            {"image":"busybox","Cmd":"true","Tty":true,"HostConfig":{"Binds":["/a:/b"],"PortBindings":{"80/tcp":[]},
             "Mounts":[{"Type":"tmpfs","Target":"/t","TmpfsOptions":{"SizeBytes":1000,"Mode":448}}],"ConsoleSize":[30,90]}}
            """
        let answer = try await ask("POST /v1.45/containers/create?name=%2Fweb&platform=linux/arm64", body)
        #expect(answer.status == 201)
        #expect(try EngineJSON.decode(ContainerCreateResponse.self, from: answer.body.utf8).warnings == [])
        let request = try #require(engine.fakeContainers.created.withLock { $0 })
        #expect(request.name == "/web")
        #expect(request.platform?.architecture == "arm64")
        #expect(request.settings.command == ["true"])
        #expect(request.settings.host.portBindings == ["80/tcp": [PortBindingRequest()]])
        #expect(request.settings.host.mounts.first?.tmpfsMode == 0o700)
        #expect(request.settings.host.consoleSize == ConsoleSize(columns: 90, rows: 30))
    }

    @Test func typesOfBodies() async throws {
        let plain = try await ask("POST /exec/run/start", headers: "Content-Type: text/plain\r\n")
        #expect(plain.body.contains("unsupported Content-Type header (text/plain): must be 'application/json'"))
        #expect(plain.status == 400)
    }

    @Test func inspectAndList() async throws {
        let inspect = try EngineJSON.decode(
            ContainerInspect.self, from: try await ask("GET /containers/web/json").body.utf8)
        #expect(inspect.name == "/web")
        #expect(inspect.path == "sleep" && inspect.args == ["1 day"])
        #expect(inspect.state.running && inspect.state.pid == 42 && inspect.state.finishedAt == "0001-01-01T00:00:00Z")
        #expect(inspect.hostConfig.memorySwap == 1 << 26)
        #expect(inspect.hostConfig.networkMode == "bridge")
        #expect(inspect.networkSettings.ipAddress == "172.17.0.2")
        #expect(inspect.networkSettings.ports["81/tcp"] == .some(nil))
        #expect(inspect.graphDriver.data["LowerDir"] == "/l2:/l1")
        let rows = try EngineJSON.decode([ContainerSummary].self, from: try await ask("GET /containers/json").body.utf8)
        #expect(rows.first?.names == ["/web"])
        #expect(rows.first?.command == "sleep '1 day'")
        #expect(rows.first?.ports.map(\.privatePort) == [80, 81])
        #expect(rows.first?.status.hasPrefix("Up ") == true)
    }

    @Test func statusesWithoutBodies() async throws {
        let started = try await ask("POST /containers/web/start")
        #expect(started.status == 304)
        #expect(started.body.isEmpty && !started.head.contains("Content-Length"))
        #expect(try await ask("POST /v1.45/containers/web/stop?t=3&signal=INT").status == 204)
        #expect(engine.fakeContainers.stopped.withLock { $0?.signal } == "INT")
        #expect(try await ask("POST /v1.41/containers/web/stop?signal=INT").status == 204)
        #expect(engine.fakeContainers.stopped.withLock { $0?.signal } == nil)
        #expect(try await ask("POST /containers/web/stop?t=abc").status == 500)
        #expect(try await ask("DELETE /containers/json").body == "{\"message\":\"No such container: json\"}\n")
        #expect(try await ask("GET /containers/web/changes").body == "null\n")
    }

    @Test func waitSendsItsHeadAtOnce() async throws {
        let engine = engine
        try await TestServer.with(DockerRoutes.all(engine: engine, identity: ServerIdentity(version: "9.9"))) { path in
            let client = try RawClient(unix: path)
            try await client.send("POST /containers/web/wait?condition=next-exit HTTP/1.1\r\nHost: d\r\n\r\n")
            #expect(try await client.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 200 OK"))
            engine.fakeContainers.exit.fire()
            #expect(try await client.receive(until: "0\r\n\r\n") == "11\r\n{\"StatusCode\":3}\n\r\n0\r\n\r\n")
        }
        #expect(try await ask("POST /containers/web/wait?condition=foo").body.contains(#"invalid condition: \"foo\""#))
    }

    @Test func logs() async throws {
        let answer = try await ask("GET /v1.45/containers/web/logs?stdout=1&stderr=1&timestamps=1")
        #expect(answer.head.contains("Content-Type: application/vnd.docker.multiplexed-stream"))
        let line = "2026-11-23T19:09:14.000000000Z out\n"
        #expect(answer.pieces.first?.utf8.starts(with: MultiplexedFrame(.stdout, Array(line.utf8)).encoded) == true)
        #expect(try await ask("GET /v1.41/containers/web/logs?stdout=1").head.contains("application/vnd.docker.raw-stream"))
        #expect(
            try await ask("GET /containers/web/logs").body
                == "{\"message\":\"Bad parameters: you must choose at least one stream\"}\n")
    }

    @Test func attach() async throws {
        let engine = engine
        try await TestServer.with(DockerRoutes.all(engine: engine, identity: ServerIdentity(version: "9.9"))) { path in
            let client = try RawClient(unix: path)
            try await client.send(
                "POST /v1.45/containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n"
                    + "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
            let head = try await client.receive(until: "\r\n\r\n")
            #expect(head.contains("101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n"))
            #expect(!head.contains("Api-Version"))
            try await client.send("hello")
            client.closeOutput()
            let output = try await client.receiveAll()
            let expected =
                MultiplexedFrame(.stdout, Array("ready\n".utf8)).encoded + MultiplexedFrame(.stderr, Array("end\n".utf8)).encoded
            #expect(output.utf8.elementsEqual(expected))
            #expect(engine.fakeContainers.session.input.withLock { $0 } == Array("hello".utf8))
        }
        let missing = try await ask("POST /containers/nosuch/attach?stream=1")
        #expect(missing.status == 404)
        #expect(missing.body == "No such container: nosuch\r\n")
    }

    @Test func exec() async throws {
        #expect(
            try await ask("POST /exec/nosuch/start", #"{"Detach":false}"#).body
                == "{\"message\":\"No such exec instance: nosuch\"}\n")
        let again = try await ask("POST /exec/run/start", #"{"Detach":false}"#)
        #expect(again.status == 200)
        #expect(again.head.contains("application/vnd.docker.raw-stream"))
        let told = MultiplexedFrame(.stdout, Array("Error: Exec command run has already run\r\n".utf8)).encoded
        #expect(again.body.utf8.elementsEqual(told))
        let inspect = try EngineJSON.decode(ExecInspect.self, from: try await ask("GET /exec/run/json").body.utf8)
        #expect(inspect.processConfig.entrypoint == "sh" && inspect.exitCode == nil)
    }

    @Test func pullAndPush() async throws {
        let pull = try await ask("POST /images/create?fromImage=busybox&tag=latest")
        #expect(pull.status == 200)
        #expect(pull.pieces.count == 3)
        #expect(pull.pieces.last?.contains(#""error":"the registry went away""#) == true)
        #expect(pull.pieces.allSatisfy { $0.hasSuffix("}\r\n") })
        #expect(try await ask("POST /images/create?fromImage=nosuch&tag=1").status == 404)
        #expect(try await ask("POST /images/create?fromImage=UPPER").status == 400)
        #expect(try await ask("POST /images/a/b/push?tag=1").status == 400)
        let push = try await ask("POST /images/a/b/push?tag=1", headers: "X-Registry-Auth: eyJ1c2VybmFtZSI6Im1lIn0\r\n")
        #expect(push.pieces.first?.contains(#""status":"me""#) == true)
        #expect(push.pieces.last?.contains(#""Tag":"1""#) == true)
    }

    @Test func imagesAndArchives() async throws {
        #expect(try await ask("GET /images/a/b:c/json").body == "{\"message\":\"No such image: a/b:c\"}\n")
        #expect(try await ask("GET /images/get?names=x").status == 404)
        #expect(try await ask("GET /images/json").body == "[]\n")
        #expect(try await ask("POST /images/prune").body.contains("\"ImagesDeleted\":null"))
        let load = try await ask("POST /images/load?quiet=1", "12345")
        #expect(load.pieces == ["{\"stream\":\"Loaded image: 5\\n\"}\r\n"])
        let stat = try await ask("HEAD /containers/web/archive?path=/etc")
        #expect(stat.body.isEmpty)
        let header = stat.head.split(separator: "\r\n").first { $0.hasPrefix(PathStat.headerName) }?.split(separator: " ").last
        let status = try #require(header.flatMap { PathStat(headerValue: String($0)) })
        #expect(GoFileMode.toUnix(status.mode) == 0o040755)
        #expect(try await ask("GET /containers/web/archive").body.contains("bad parameter: pathcannot be empty"))
    }

    @Test func classicBuild() async throws {
        let answer = try await ask("POST /build?t=b:1", "x", headers: "")
        let text = answer.pieces.joined()
        #expect(text.contains(#"{"stream":"Step 1/2 : FROM busybox"}"#))
        #expect(text.contains(#"{"aux":{"ID":"sha256:0404"#))
        #expect(text.hasSuffix("{\"stream\":\"Successfully tagged b:1\\n\"}\r\n"))
        let failed = try await ask("POST /build?target=fail", "x").pieces.joined()
        #expect(failed.contains(#""code":5"#))
        #expect(failed.contains("The command '/bin/sh -c exit 5' returned a non-zero code: 5"))
        #expect(
            try await ask("POST /build?q=1", "x").pieces == ["{\"stream\":\"sha256:\(String(repeating: "04", count: 32))\\n\"}\r\n"]
        )
        #expect(try await ask("POST /build?dockerfile=nosuch", "x").status == 500)
        #expect(try await ask("POST /build?buildargs=junk", "x").body.contains("error reading build args: invalid character 'j'"))
        #expect(try await ask("POST /build?version=3", "x").status == 400)
    }

    @Test func buildEvents() async throws {
        let lines = try await ask("POST /build?gantry-events=1&target=fail", "x").pieces.map {
            try EngineJSON.decode(BuildEventMessage.self, from: $0.utf8)
        }
        #expect(lines.map(\.kind) == [.plan, .stepStarted, .stepFinished, .stepStarted, .stepFailed, .failed])
        #expect(lines.last?.error?.exitCode == 5)
    }

    @Test func systemAndTheRest() async throws {
        let ping = try await ask("GET /_ping")
        #expect(ping.body == "OK" && ping.head.contains("Cache-Control: no-cache, no-store, must-revalidate"))
        let version = try EngineJSON.decode(Version.self, from: try await ask("GET /version").body.utf8)
        #expect(version.apiVersion == "1.51" && version.minAPIVersion == "1.24")
        let event = try EngineJSON.decode(
            EventMessage.self, from: try #require(try await ask("GET /v1.24/events").pieces.first).utf8)
        #expect(event.status == "die" && event.from == "busybox" && event.time == 1_795_461_073)
        #expect(try await ask("GET /events?since=2&until=1").status == 400)
        let usage = try EngineJSON.decode(DiskUsageBody.self, from: try await ask("GET /system/df?type=volume").body.utf8)
        #expect(usage.volumes == [] && usage.images == nil && usage.layersSize == 0)
        #expect(try await ask("GET /system/df?type=foo").status == 400)
        #expect(try await ask("GET /swarm").status == 503)
        #expect(try await ask("GET /services/x").status == 503)
        #expect(try await ask("GET /plugins").body == "[]\n")
        #expect(try await ask("GET /plugins/nosuch/json").status == 404)
        #expect(try await ask("POST /session").status == 404)
        #expect(try await ask("PUT /volumes/v1").status == 503)
        #expect(try await ask("POST /volumes/prune?filters=%7B%22all%22%3A%5B%22true%22%5D%7D").body.contains("named"))
        let volume = try EngineJSON.decode(Volume.self, from: try await ask("POST /volumes/create", #"{"Name":"v"}"#).body.utf8)
        #expect(volume.createdAt == "2026-11-23T19:09:14Z" && volume.driver == "local")
    }
}

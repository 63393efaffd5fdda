import DockerAPI
import Testing

@Suite struct CodecTests {
    @Test(arguments: [1, 3, 8, 9, 100])
    func framesSurviveAnyCut(size: Int) throws {
        let frames = [
            MultiplexedFrame(.stdout, Array("ready\n".utf8)), MultiplexedFrame(.stderr, [0, 1, 2]), MultiplexedFrame(.stdout, []),
        ]
        let bytes = frames.flatMap(\.encoded)
        var decoder = MultiplexedFrameDecoder()
        var stdout: [UInt8] = []
        var stderr: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            for frame in try decoder.feed(bytes[start..<min(start + size, bytes.count)]) {
                if frame.kind == .stdout { stdout += frame.bytes } else { stderr += frame.bytes }
            }
        }
        #expect(stdout == Array("ready\n".utf8))
        #expect(stderr == [0, 1, 2])
        #expect(decoder.isAtBoundary)
    }

    /// The same, with what follows one another on one stream as one piece.
    @Test(arguments: [1, 3, 8, 9, 100])
    func mergedFramesSurviveAnyCut(size: Int) throws {
        let frames = [
            MultiplexedFrame(.stdout, [1, 2]), MultiplexedFrame(.stdout, [3]), MultiplexedFrame(.stderr, [4]),
            MultiplexedFrame(.stderr, []), MultiplexedFrame(.stdout, [5]),
        ]
        let bytes = frames.flatMap(\.encoded)
        var decoder = MultiplexedFrameDecoder()
        var pieces: [MultiplexedFrame] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            pieces += try decoder.feedMerging(Array(bytes[start..<min(start + size, bytes.count)]))
        }
        var merged: [MultiplexedFrame] = []
        for piece in pieces {
            if merged.last?.kind == piece.kind {
                merged[merged.count - 1].bytes += piece.bytes
            } else {
                merged.append(piece)
            }
        }
        #expect(merged == [MultiplexedFrame(.stdout, [1, 2, 3]), MultiplexedFrame(.stderr, [4]), MultiplexedFrame(.stdout, [5])])
        if size == 100 { #expect(pieces == merged) }
        #expect(decoder.isAtBoundary)
        #expect(throws: MultiplexedFrameDecoder.Malformed.self) { try decoder.feedMerging(Array("HTTP/1.1 200".utf8)) }
    }

    @Test func frameHeader() {
        #expect(MultiplexedFrame.header(.stderr, count: 0x01020304) == [2, 0, 0, 0, 1, 2, 3, 4])
        #expect(throws: MultiplexedFrameDecoder.Malformed.self) {
            var decoder = MultiplexedFrameDecoder()
            _ = try decoder.feed(Array("HTTP/1.1 200".utf8))
        }
    }

    @Test func filtersInBothForms() throws {
        #expect(try Filters(json: #"{"label":{"a=b":true,"c":true,"d":false}}"#).values == ["label": ["a=b", "c"]])
        #expect(try Filters(json: #"{"label":["a=b"],"name":["x"]}"#).values == ["label": ["a=b"], "name": ["x"]])
        #expect(try Filters(json: "").isEmpty)
        #expect(throws: Filters.Malformed.self) { try Filters(json: "{") }
        #expect(throws: Filters.Malformed.self) { try Filters(json: #"{"label":"a"}"#) }
        var filters = Filters()
        filters.add("label", "a=b")
        filters.add("label", "c")
        #expect(try Filters(json: try filters.json()) == filters)
    }

    @Test func credentialsInHeaders() throws {
        var auth = AuthConfig()
        auth.username = "a?>"
        auth.password = "é/~"
        let header = try auth.headerValue()
        #expect(!header.contains("+") && !header.contains("/"))
        #expect(AuthConfig(headerValue: header) == auth)
        #expect(AuthConfig(headerValue: header.filter { $0 != "=" }) == auth)
        #expect(AuthConfig(headerValue: "e30=") == AuthConfig())
        #expect(AuthConfig(headerValue: "not base64!") == nil)
        #expect(AuthConfig.map(headerValue: try AuthConfig.headerValue(of: ["r:5000": auth])) == ["r:5000": auth])
    }

    @Test(
        arguments: [
            (0o040755, 1 << 31 | 0o755), (0o100644, 0o644), (0o120777, 1 << 27 | 0o777), (0o104755, 1 << 23 | 0o755),
            (0o041777, 1 << 31 | 1 << 20 | 0o777), (0o020620, 1 << 26 | 1 << 21 | 0o620), (0o010600, 1 << 25 | 0o600),
        ] as [(UInt32, UInt32)])
    func fileModes(unix: UInt32, go: UInt32) {
        #expect(GoFileMode.from(unix: unix) == go)
        #expect(GoFileMode.toUnix(go) == unix)
    }

    @Test func pathStatHeader() throws {
        var stat = PathStat()
        stat.name = "passwd"
        stat.size = 5
        stat.mode = GoFileMode.from(unix: 0o100644)
        #expect(PathStat(headerValue: try stat.headerValue()) == stat)
        #expect(PathStat(headerValue: "%") == nil)
    }

    @Test func buildEvents() throws {
        var event = BuildEventMessage(.stepFailed)
        event.stepID = 3
        event.error = BuildEventMessage.Failure(message: "exit code: 1")
        event.error?.line = 4
        #expect(try EngineJSON.decode(BuildEventMessage.self, from: try EngineJSON.line(event)) == event)
    }
}

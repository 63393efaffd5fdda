internal import DockerAPI
internal import Engine
internal import Essentials

extension ContainerRoutes {
    var streams: [Route] {
        [
            Route("POST", "/containers/{name}/wait", endsWithClient: true, wait),
            Route("GET", "/containers/{name}/logs", endsWithClient: true, logs),
            Route("GET", "/containers/{name}/stats", endsWithClient: true, stats),
            Route("POST", "/containers/{name}/attach", attach),
            Route("GET", "/containers/{name}/attach/ws", attachWebSocket),
        ]
    }

    /// The head goes out at once: `docker run` starts the container only after it.
    @Sendable private func wait(_ request: RequestContext) async throws -> Reply {
        let text = request.query["condition"]
        guard let condition = text.isEmpty ? WaitCondition.notRunning : WaitCondition(rawValue: text) else {
            throw GantryError.invalid("invalid condition: \"\(text)\"")
        }
        let result = try await containers.wait(request.name(), condition)
        return .bytes("application/json", early: true) { sink in
            var body = WaitResponse()
            do {
                let ended = try await result()
                body.statusCode = Int(ended.exitCode)
                if let message = ended.error, !message.isEmpty { body.error = WaitError(message) }
            } catch let error as GantryError {
                body.statusCode = -1
                body.error = WaitError(ErrorMapping.message(error))
            }
            try await sink(try EngineJSON.line(body))
        }
    }

    @Sendable private func logs(_ request: RequestContext) async throws -> Reply {
        let parameters = request.query
        var query = LogQuery()
        query.follow = parameters.bool("follow")
        query.stdout = parameters.bool("stdout")
        query.stderr = parameters.bool("stderr")
        guard query.stdout || query.stderr else {
            throw GantryError.invalid("Bad parameters: you must choose at least one stream")
        }
        query.since = try parameters.time("since").flatMap { $0.nanoseconds == 0 ? nil : $0 }
        query.until = try parameters.time("until").flatMap { $0.nanoseconds == 0 ? nil : $0 }
        query.tail = Int(parameters["tail"]).flatMap { $0 < 0 ? nil : $0 }
        query.details = parameters.bool("details")
        query.timestamps = parameters.bool("timestamps")
        let (terminal, read) = try await containers.logs(request.name(), query)
        let format = LogLineFormat(multiplexed: !terminal, timestamps: query.timestamps, details: query.details)
        return .bytes(StreamType.name(terminal: terminal, version: request.version), early: true) { sink in
            try await read { batch in try await sink(format.bytes(of: batch)) }
        }
    }

    @Sendable private func stats(_ request: RequestContext) async throws -> Reply {
        let name = request.name()
        let follows = request.query.bool("stream", default: true)
        let oneShot = request.query.bool("one-shot") && request.version >= APIVersion(1, 41)
        if follows && request.query.bool("one-shot") {
            throw GantryError.invalid("cannot have stream=true and one-shot=true")
        }
        let details = try await containers.details(name, size: false)
        return .bytes("application/json", early: follows) { sink in
            var previous: ContainerStatistics?
            while true {
                // A container that is removed meanwhile ends the stream.
                guard let sample = try await containers.statistics(details.id) else {
                    try await sink(try EngineJSON.line(Stats(stopped: details.id, name: details.name)))
                    if !follows { return }
                    previous = nil
                    try await Task.sleep(for: .seconds(1))
                    continue
                }
                if follows || oneShot || previous != nil {
                    try await sink(try EngineJSON.line(Stats(sample, previous: previous)))
                    if !follows { return }
                }
                previous = sample
                // One sample each second is what the endpoint promises.
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    private static func attachRequest(_ query: Query) -> AttachRequest {
        var attach = AttachRequest()
        attach.stdin = query.bool("stdin")
        attach.stdout = query.bool("stdout")
        attach.stderr = query.bool("stderr")
        attach.stream = query.bool("stream")
        attach.logs = query.bool("logs")
        attach.detachKeys = query.text("detachKeys")
        return attach
    }

    @Sendable private func attachWebSocket(_ request: RequestContext) async throws -> Reply {
        let head = try WebSocketHandshake.answer(to: request.head)
        var attach = Self.attachRequest(request.query)
        // Before 1.42 nobody could choose. Source: Engine API 1.42, changes.
        if request.version < APIVersion(1, 42) { (attach.stdin, attach.stdout, attach.stderr) = (true, true, true) }
        let session = try await containers.attach(request.name(), attach)
        return WebSocketBridge.reply(session, head: head, stdin: attach.stdin && attach.stream)
    }

    @Sendable private func attach(_ request: RequestContext) async throws -> Reply {
        let attach = Self.attachRequest(request.query)
        do {
            let session = try await containers.attach(request.name(), attach)
            return AttachBridge.reply(session, version: request.version, stdin: attach.stdin && attach.stream, sendsHeaders: false)
        } catch {
            return AttachBridge.failure(error)
        }
    }
}

extension WaitError {
    init(_ message: String) {
        self.init()
        self.message = message
    }
}

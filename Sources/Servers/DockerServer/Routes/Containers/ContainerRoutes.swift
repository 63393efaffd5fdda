internal import DockerAPI
internal import Engine
internal import Essentials
internal import OCI

/// The life of containers. Source: Engine API 1.51, "Container".
struct ContainerRoutes {
    let containers: any ContainerOperations

    var all: [Route] { lists + life + changes + streams + archives }

    private var lists: [Route] {
        [
            Route("GET", "/containers/json", list),
            Route("GET", "/containers/{name}/json") { request in
                let details = try await containers.details(request.name(), size: request.query.bool("size"))
                return .json(ContainerInspect(details, version: request.version))
            },
            Route("GET", "/containers/{name}/top") { request in
                let table = try await containers.top(request.name(), arguments: request.query.text("ps_args") ?? "-ef")
                var body = TopResponse()
                body.titles = table.titles
                body.processes = table.rows
                return .json(body)
            },
            Route("GET", "/containers/{name}/changes") { request in
                let rows = try await containers.changes(request.name()).map { change in
                    var row = FilesystemChange()
                    row.path = change.path
                    row.kind = change.kind.rawValue
                    return row
                }
                return .json(rows.isEmpty ? nil : rows)
            },
        ]
    }

    @Sendable private func list(_ request: RequestContext) async throws -> Reply {
        var query = ContainerQuery()
        query.all = request.query.bool("all")
        query.limit = try request.query.integer("limit") ?? 0
        query.size = request.query.bool("size")
        query.filters = try request.query.filters()
        let now = Timestamp.now()
        let rows = try await containers.list(query)
        return .json(rows.map { ContainerSummary($0, now: now, version: request.version) })
    }

    private var life: [Route] {
        [
            Route("POST", "/containers/create", create),
            Route("POST", "/containers/prune") { request in
                let report = try await containers.prune(filters: try request.query.filters())
                var body = ContainersPruneReport()
                body.containersDeleted = report.removed
                body.spaceReclaimed = report.reclaimed
                return .json(body)
            },
            Route("POST", "/containers/{name}/start", start),
            Route("POST", "/containers/{name}/stop") { request in
                try await containers.stop(
                    request.name(), signal: signal(request), timeout: try request.query.integer("t"))
                return .empty(204)
            },
            Route("POST", "/containers/{name}/restart") { request in
                try await containers.restart(
                    request.name(), signal: signal(request), timeout: try request.query.integer("t"))
                return .empty(204)
            },
            Route("POST", "/containers/{name}/kill") { request in
                try await containers.kill(request.name(), signal: request.query.text("signal"))
                return .empty(204)
            },
            Route("POST", "/containers/{name}/pause") { request in
                try await containers.pause(request.name())
                return .empty(204)
            },
            Route("POST", "/containers/{name}/unpause") { request in
                try await containers.unpause(request.name())
                return .empty(204)
            },
            Route("DELETE", "/containers/{name}", remove),
        ]
    }

    @Sendable private func create(_ request: RequestContext) async throws -> Reply {
        guard let body = try await request.json(ContainerCreateBody?.self) else {
            throw GantryError.invalid("invalid JSON: got EOF while reading request body")
        }
        guard let body, body.config != ContainerConfig() || body.hostConfig != nil || body.networkingConfig != nil else {
            throw GantryError.invalid("config cannot be empty in order to create a container")
        }
        guard !body.config.image.isEmpty else { throw GantryError.invalid("no command specified") }
        let created = try await containers.create(
            ContainerCreateRequest(
                settings: try ContainerSettings(body, version: request.version), name: request.query.text("name"),
                platform: try PlatformText.parse(request.query["platform"])))
        var response = ContainerCreateResponse()
        response.id = created.id
        response.warnings = created.warnings
        return .json(response, status: 201)
    }

    /// Old clients send a few bytes; a whole host configuration has not been taken here for long.
    @Sendable private func start(_ request: RequestContext) async throws -> Reply {
        if case .length(let count) = request.head.framing, count > 7 {
            throw GantryError.invalid(
                "starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24")
        }
        let checkpoint = request.query.text("checkpoint").map {
            CheckpointPlace(name: $0, directory: request.query.text("checkpoint-dir"))
        }
        try await containers.start(request.name(), from: checkpoint)
        return .empty(204)
    }

    /// Taken since API 1.42.
    private func signal(_ request: RequestContext) -> String? {
        request.version < APIVersion(1, 42) ? nil : request.query.text("signal")
    }

    @Sendable private func remove(_ request: RequestContext) async throws -> Reply {
        if request.query.bool("link") {
            try await containers.removeLink(request.name())
            return .empty(204)
        }
        try await containers.remove(request.name(), volumes: request.query.bool("v"), force: request.query.bool("force"))
        return .empty(204)
    }

    private var changes: [Route] {
        [
            Route("POST", "/containers/{name}/rename") { request in
                guard let name = request.query.text("name") else {
                    throw GantryError.invalid("Neither old nor new names may be empty")
                }
                try await containers.rename(request.name(), to: name)
                return .empty(204)
            },
            Route("POST", "/containers/{name}/update") { request in
                let body = try await request.json(ContainerUpdateBody.self) ?? ContainerUpdateBody()
                let policy = try body.restartPolicy.flatMap { $0.name.isEmpty ? nil : try RestartPolicy($0) }
                var response = ContainerUpdateResponse()
                response.warnings = try await containers.update(
                    request.name(), resources: ResourceSettings(body), restartPolicy: policy)
                return .json(response)
            },
            Route("POST", "/containers/{name}/resize") { request in
                try await containers.resize(request.name(), to: try ConsoleSize(query: request.query))
                return .empty(200)
            },
            Route("POST", "/commit", commit),
        ]
    }

    @Sendable private func commit(_ request: RequestContext) async throws -> Reply {
        let query = request.query
        guard let container = query.text("container") else { throw GantryError.invalid("invalid name or ID supplied: \"\"") }
        var commit = CommitRequest(container: container)
        if let repository = query.text("repo") { commit.reference = try ImageName.reference(repository, tag: query["tag"]) }
        commit.comment = query["comment"]
        commit.author = query["author"]
        commit.pause = query.bool("pause", default: true)
        let config = try await request.json(ContainerConfig?.self) ?? nil
        commit.changes =
            (config.map(CommitChanges.lines) ?? []) + query.all("changes").flatMap { $0.split(separator: "\n").map(String.init) }
        var response = IDResponse()
        response.id = try await containers.commit(commit).description
        return .json(response, status: 201)
    }
}

extension ConsoleSize {
    /// `h` and `w`, both required.
    init(query: Query) throws {
        func number(_ key: String) throws -> UInt16 {
            guard let value = try query.integer(key, kind: .invalid) else {
                throw GantryError.invalid("strconv.Atoi: parsing \"\": invalid syntax")
            }
            guard (0...Int(UInt32.max)).contains(value) else { throw GantryError.invalid("\(key) is out of range: \(value)") }
            return UInt16(clamping: value)
        }
        let rows = try number("h")
        self.init(columns: try number("w"), rows: rows)
    }
}

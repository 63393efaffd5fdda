internal import Builder
internal import DockerAPI
internal import Engine
internal import Essentials
internal import OCI
internal import Synchronization

/// Builds from Dockerfiles. Source: Engine API 1.51, ImageBuild, BuildPrune.
struct BuildRoutes {
    let builds: any BuildOperations

    var all: [Route] {
        [
            Route("POST", "/build", endsWithClient: true, build),
            Route("POST", "/build/cancel") { request in
                try await builds.cancel(request.query["id"])
                return .empty(204)
            },
            Route("GET", "/build/layers/{name}", endsWithClient: true) { request in
                let chain = request.name()
                let body = BodyStream(early: false) { sink in
                    try await builds.exportLayers(chain == "none" ? nil : try Digest(chain), to: sink)
                }
                return Reply(status: 200, headers: [("Content-Type", "application/x-tar")], body: .stream(body))
            },
            Route("GET", "/build/results/{name}/tree") { request in
                let (id, query) = (request.name(), request.query)
                let isSplit = query.contains("split") ? query.bool("split") : nil
                return .bytes("application/x-tar") { sink in
                    try await builds.exportTree(id, isSplit: isSplit, to: sink)
                }
            },
            Route("GET", "/build/results/{name}/archive") { request in
                let (id, format) = (request.name(), request.query["format"])
                return .bytes("application/x-tar") { sink in
                    try await builds.exportArchive(id, isDocker: format == "docker", to: sink)
                }
            },
            Route("POST", "/build/results/{name}/push", endsWithClient: true) { request in
                let (id, byDigest, login) = (request.name(), request.query.bool("bydigest"), request.registryLogin)
                let reference = try Reference(request.query["name"])
                return .progress { send in
                    try await builds.pushResult(id, as: reference, byDigest: byDigest, credentials: login) { message in
                        try await send(JSONMessage(message))
                    }
                }
            },
            Route("GET", "/images/{name}/layers") { request in
                let report = try await builds.layers(of: request.name())
                let layers = report.layers.map { item in
                    ImageLayersBody.Layer(
                        instruction: item.instruction, diffID: item.diffID, size: item.size, added: item.added,
                        changed: item.changed, removed: item.removed, wasted: item.wasted)
                }
                let waste = report.waste.prefix(20).map { ImageLayersBody.Waste(path: $0.path, size: $0.size) }
                return .json(ImageLayersBody(layers: layers, waste: waste, efficiency: report.efficiency))
            },
            Route("GET", "/images/{name}/differences") { request in
                let found = try await builds.compare(request.name(), with: request.query["with"])
                let files = found.files.map { ImageDifferencesBody.File(path: $0.path, what: $0.what, details: $0.details) }
                return .json(
                    ImageDifferencesBody(
                        image: request.name(), rebuilt: request.query["with"], files: files, configuration: found.configuration))
            },
            Route("GET", "/builds") { _ in
                .json(
                    try await builds.builds().map { entry in
                        var body = BuildRecordBody(entry)
                        body.recipe = nil
                        return body
                    })
            },
            Route("GET", "/build/cache") { request in
                .json(try await builds.cacheRecords(filters: try request.query.filters()).map(BuildCacheRecord.init))
            },
            Route("GET", "/build/mounts/archive", endsWithClient: true) { request in
                let id = try Self.mount(request)
                return .bytes("application/x-tar") { sink in try await builds.exportMount(id, to: sink) }
            },
            Route("PUT", "/build/mounts/archive", endsWithClient: true) { request in
                try await builds.importMount(try Self.mount(request), from: request.body)
                return .empty(200)
            },
            Route("POST", "/build/mounts/push", endsWithClient: true) { request in
                let digest = try await builds.pushMount(
                    try Self.mount(request), as: try Self.reference(request), credentials: request.registryLogin)
                return .json(BuildMountPushed(digest: digest.description))
            },
            Route("POST", "/build/mounts/pull", endsWithClient: true) { request in
                try await builds.pullMount(
                    try Self.mount(request), from: try Self.reference(request), credentials: request.registryLogin)
                return .empty(200)
            },
            Route("GET", "/builds/{name}/logs") { request in
                let log = try await builds.build(Self.id(request)).log
                return Reply(status: 200, headers: [("Content-Type", "text/plain; charset=utf-8")], body: .whole(Array(log.utf8)))
            },
            Route("GET", "/builds/{name}") { request in .json(BuildRecordBody(try await builds.build(Self.id(request)).entry)) },
            Route("POST", "/build/held/{name}", endsWithClient: true) { request in
                let id = request.name()
                return .bytes("application/octet-stream") { sink in try await builds.holdMounts(id, to: sink) }
            },
            Route("POST", "/build/prune") { request in
                let query = request.query
                var budget = BuildCacheBudget()
                budget.reserved = Int64(try query.integer("reserved-space") ?? query.integer("keep-storage") ?? 0)
                budget.maximum = Int64(try query.integer("max-used-space") ?? 0)
                budget.minimumFree = Int64(try query.integer("min-free-space") ?? 0)
                let pruned = try await builds.pruneCache(
                    all: query.bool("all"), filters: try query.filters(), budget: budget)
                var report = BuildPruneReport()
                report.cachesDeleted = pruned.removed
                report.spaceReclaimed = pruned.reclaimed
                return .json(report)
            },
        ]
    }

    private static func mount(_ request: RequestContext) throws -> String {
        guard let id = request.query.text("id") else { throw GantryError.invalid("the cache mount's id is missing") }
        return id
    }

    private static func reference(_ request: RequestContext) throws -> Reference {
        guard let text = request.query.text("ref") else { throw GantryError.invalid("the reference is missing") }
        return try Reference(text).withDefaultTag
    }

    /// `latest` is the newest build.
    private static func id(_ request: RequestContext) -> String { request.name() == "latest" ? "" : request.name() }

    @Sendable private func build(_ request: RequestContext) async throws -> Reply {
        let query = try await BuildQuery(request)
        if query.wantsEvents { return events(query, request) }
        if query.quiet { return quiet(query, request) }
        return classic(query, request)
    }

    private func events(_ query: BuildQuery, _ request: RequestContext) -> Reply {
        let failureLine: @Sendable (any Error) -> [UInt8] = { error in
            (try? EngineJSON.line(BuildEventMessage(failure: error))) ?? []
        }
        let body = BodyStream(early: false, failureLine: failureLine) { sink in
            do {
                _ = try await builds.build(query.request, context: request.body) { event in
                    try await sink(try EngineJSON.line(BuildEventMessage(event)))
                }
            } catch let failure as BuildFailure {
                // With its place in the Dockerfile, which an answer of its own has no room for.
                try await sink(try EngineJSON.line(BuildEventMessage(failure: failure)))
            }
        }
        return Reply(status: 200, headers: [("Content-Type", "application/json")], body: .stream(body))
    }

    private func quiet(_ query: BuildQuery, _ request: RequestContext) -> Reply {
        progress { send in
            let id = try await builds.build(query.request, context: request.body) { _ in }
            if let id { try await send(JSONMessage(stream: "\(id)\n")) }
        }
    }

    private func classic(_ query: BuildQuery, _ request: RequestContext) -> Reply {
        let tellsID = request.version >= APIVersion(1, 30)
        return progress { send in
            // Events come one after the other; the lock is for the compiler's peace, never waited for.
            let transcript = Mutex(ClassicBuildTranscript())
            do {
                _ = try await builds.build(query.request, context: request.body) { event in
                    for text in transcript.withLock({ $0.lines(event) }) {
                        if case .imageWritten(let id, _) = event, tellsID, text.hasPrefix("Successfully built") {
                            try await send(.imageID(id.description))
                        }
                        try await send(JSONMessage(stream: text))
                    }
                }
            } catch {
                for text in transcript.withLock({ $0.rest() }) { try await send(JSONMessage(stream: text)) }
                throw error
            }
        }
    }

    /// As `Reply.progress`, with failures in the classic builder's words.
    private func progress(_ produce: @escaping @Sendable (@escaping MessageSink) async throws -> Void) -> Reply {
        let body = BodyStream(early: false, failureLine: { Self.failureLine($0) }) { sink in
            do {
                try await produce { message in try await sink(try EngineJSON.progressLine(message)) }
            } catch let failure as BuildFailure {
                throw ClassicFailure(failure)
            }
        }
        return Reply(status: 200, headers: [("Content-Type", "application/json")], body: .stream(body))
    }

    private static func failureLine(_ error: any Error) -> [UInt8] {
        guard let failure = error as? ClassicFailure else { return ErrorMapping.failureLine(error) }
        return (try? EngineJSON.progressLine(JSONMessage.failure(failure.message, code: failure.exitCode))) ?? []
    }
}

/// A build's failure as clients of the classic builder read it.
struct ClassicFailure: Error, CustomStringConvertible {
    let message: String
    let exitCode: Int
    let kind: GantryError.Kind

    init(_ failure: BuildFailure) {
        message = failure.classicMessage ?? ErrorMapping.message(failure.error)
        exitCode = Int(failure.exitCode ?? 0)
        kind = failure.error.kind
    }

    var description: String { message }
}

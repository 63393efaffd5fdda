internal import DockerAPI
internal import Engine
internal import Essentials

/// The daemon and its host. Source: Engine API 1.51, "System".
struct SystemRoutes {
    let system: any SystemOperations
    let identity: ServerIdentity

    var all: [Route] {
        [
            Route("GET", "/_ping") { _ in ping(body: "OK") },
            Route("HEAD", "/_ping") { _ in ping(body: "") },
            Route("GET", "/version") { _ in .json(Version(try await system.information(), identity: identity)) },
            Route("GET", "/info") { _ in
                .json(SystemInfo(try await system.information(), identity: identity, now: .now()))
            },
            Route("GET", "/system/df", diskUsage),
            Route("GET", "/events", endsWithClient: true, events),
        ]
    }

    private func ping(body: String) -> Reply {
        let headers = [
            ("Builder-Version", "1"), ("Cache-Control", "no-cache, no-store, must-revalidate"),
            ("Content-Type", "text/plain; charset=utf-8"), ("Pragma", "no-cache"), ("Swarm", "inactive"),
        ]
        return Reply(status: 200, headers: headers, body: .whole(Array(body.utf8)))
    }

    @Sendable private func diskUsage(_ request: RequestContext) async throws -> Reply {
        let known: Set = ["container", "image", "volume", "build-cache"]
        let asked = request.query.all("type")
        if let unknown = asked.first(where: { !known.contains($0) }) {
            throw GantryError.invalid("unknown object type: \(unknown)")
        }
        let usage = try await system.diskUsage()
        return .json(
            DiskUsageBody(usage, kinds: asked.isEmpty ? known : Set(asked), now: .now(), version: request.version))
    }

    @Sendable private func events(_ request: RequestContext) async throws -> Reply {
        let since = try request.query.time("since")
        let until = try request.query.time("until")
        if let since, let until, since > until {
            throw GantryError.invalid("`since` time (\(since.seconds)) cannot be after `until` time (\(until.seconds))")
        }
        let events = try await system.events(since: since, until: until, filters: try request.query.filters())
        return .bytes("application/json", early: true) { sink in
            for await event in events { try await sink(try EngineJSON.line(EventMessage(event))) }
        }
    }
}

internal import DockerAPI
internal import Engine
internal import Essentials

/// Volumes. Source: Engine API 1.51, "Volume".
struct VolumeRoutes {
    let volumes: any VolumeOperations

    var all: [Route] {
        [
            Route("GET", "/volumes") { request in
                var response = VolumeListResponse()
                response.volumes = try await volumes.list(filters: try request.query.filters()).map(Volume.init)
                return .json(response)
            },
            Route("GET", "/volumes/{name}") { request in .json(Volume(try await volumes.details(request.name()))) },
            Route("POST", "/volumes/create") { request in
                let body = try await request.json(VolumeCreateBody.self) ?? VolumeCreateBody()
                let volume = try await volumes.create(
                    name: body.name.isEmpty ? nil : body.name, driver: body.driver.isEmpty ? "local" : body.driver,
                    options: body.driverOpts, labels: body.labels ?? [:])
                return .json(Volume(volume), status: 201)
            },
            Route("POST", "/volumes/prune", prune),
            Route("PUT", "/volumes/{name}") { _ in
                throw GantryError.unavailable("volume update only valid for cluster volumes, but swarm is unavailable")
            },
            Route("DELETE", "/volumes/{name}") { request in
                try await volumes.remove(request.name(), force: request.query.bool("force"))
                return .empty(204)
            },
        ]
    }

    /// Since API 1.42 only anonymous ones unless the filter `all` says otherwise.
    @Sendable private func prune(_ request: RequestContext) async throws -> Reply {
        var filters = try request.query.filters()
        var all = request.version < APIVersion(1, 42)
        for value in filters.removeValue(forKey: "all") ?? [] {
            switch value.lowercased() {
            case "1", "true", "t": all = true
            case "0", "false", "f": all = false
            default: throw GantryError.invalid("invalid filter 'all=\(value)'")
            }
        }
        let pruned = try await volumes.prune(all: all, filters: filters)
        var report = VolumesPruneReport()
        report.volumesDeleted = pruned.removed
        report.spaceReclaimed = pruned.reclaimed
        return .json(report)
    }
}

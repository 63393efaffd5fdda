package import DockerAPI

extension EngineClient {
    /// Source: Engine API 1.51, VolumeList.
    package func volumes(filters: Filters = Filters()) async throws -> VolumeListResponse {
        var request = EngineRequest(.get, "/volumes")
        try request.set(filters)
        return try await json(VolumeListResponse.self, request)
    }

    /// What the daemon knows of a volume, as it wrote it. Source: Engine API 1.51, VolumeInspect.
    package func volumeInspectBytes(_ name: String) async throws -> [UInt8] {
        try await send(EngineRequest(.get, "/volumes/\(EngineRequest.part(name))")).bytes()
    }

    /// Source: Engine API 1.51, VolumeCreate.
    package func createVolume(_ body: VolumeCreateBody) async throws -> Volume {
        var request = EngineRequest(.post, "/volumes/create")
        try request.setJSON(body)
        return try await json(Volume.self, request)
    }

    /// Source: Engine API 1.51, VolumeDelete.
    package func removeVolume(_ name: String, force: Bool) async throws {
        var request = EngineRequest(.delete, "/volumes/\(EngineRequest.part(name))")
        request.set("force", force)
        try await call(request)
    }

    /// Source: Engine API 1.51, VolumePrune.
    package func pruneVolumes(_ filters: Filters) async throws -> VolumesPruneReport {
        var request = EngineRequest(.post, "/volumes/prune")
        try request.set(filters)
        return try await json(VolumesPruneReport.self, request)
    }
}

package import DockerAPI

/// Source: moby, api/server/router/checkpoint.
extension EngineClient {
    package func createCheckpoint(of name: String, _ body: CheckpointCreateBody) async throws {
        var request = EngineRequest(.post, Self.container(name, "/checkpoints"))
        try request.setJSON(body)
        try await call(request)
    }

    package func checkpoints(of name: String, directory: String?) async throws -> [CheckpointBody] {
        var request = EngineRequest(.get, Self.container(name, "/checkpoints"))
        request.set("dir", directory)
        return try await json([CheckpointBody]?.self, request) ?? []
    }

    package func removeCheckpoint(_ checkpoint: String, of name: String, directory: String?) async throws {
        var request = EngineRequest(.delete, Self.container(name, "/checkpoints/\(EngineRequest.part(checkpoint))"))
        request.set("dir", directory)
        try await call(request)
    }
}

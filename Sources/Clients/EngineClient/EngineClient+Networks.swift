package import DockerAPI

extension EngineClient {
    /// Source: Engine API 1.51, NetworkList.
    package func networks(filters: Filters = Filters()) async throws -> [NetworkInspect] {
        var request = EngineRequest(.get, "/networks")
        try request.set(filters)
        return try await json([NetworkInspect].self, request)
    }

    /// What the daemon knows of a network, as it wrote it. Source: Engine API 1.51, NetworkInspect.
    package func networkInspectBytes(_ name: String, verbose: Bool = false) async throws -> [UInt8] {
        var request = EngineRequest(.get, "/networks/\(EngineRequest.part(name))")
        request.set("verbose", verbose)
        return try await send(request).bytes()
    }

    /// Source: Engine API 1.51, NetworkCreate.
    package func createNetwork(_ body: NetworkCreateBody) async throws -> NetworkCreateResponse {
        var request = EngineRequest(.post, "/networks/create")
        try request.setJSON(body)
        return try await json(NetworkCreateResponse.self, request)
    }

    /// Source: Engine API 1.51, NetworkDelete.
    package func removeNetwork(_ name: String) async throws {
        try await call(EngineRequest(.delete, "/networks/\(EngineRequest.part(name))"))
    }

    /// Source: Engine API 1.51, NetworkConnect.
    package func connect(network: String, _ body: NetworkConnectBody) async throws {
        var request = EngineRequest(.post, "/networks/\(EngineRequest.part(network))/connect")
        try request.setJSON(body)
        try await call(request)
    }

    /// Source: Engine API 1.51, NetworkDisconnect.
    package func disconnect(network: String, _ body: NetworkDisconnectBody) async throws {
        var request = EngineRequest(.post, "/networks/\(EngineRequest.part(network))/disconnect")
        try request.setJSON(body)
        try await call(request)
    }

    /// Source: Engine API 1.51, NetworkPrune.
    package func pruneNetworks(_ filters: Filters) async throws -> NetworksPruneReport {
        var request = EngineRequest(.post, "/networks/prune")
        try request.set(filters)
        return try await json(NetworksPruneReport.self, request)
    }
}

package import DockerAPI

extension EngineClient {
    /// Source: Engine API 1.51, SystemVersion.
    package func version() async throws -> Version {
        try await json(Version.self, EngineRequest(.get, "/version"))
    }

    /// The daemon's answer as it wrote it.
    package func versionBytes() async throws -> [UInt8] {
        try await send(EngineRequest(.get, "/version")).bytes()
    }

    /// Source: Engine API 1.51, SystemInfo.
    package func info() async throws -> SystemInfo {
        try await json(SystemInfo.self, EngineRequest(.get, "/info"))
    }

    /// The daemon's answer as it wrote it.
    package func infoBytes() async throws -> [UInt8] {
        try await send(EngineRequest(.get, "/info")).bytes()
    }

    /// Source: Engine API 1.51, SystemDataUsage.
    package func diskUsage() async throws -> DiskUsageBody {
        try await json(DiskUsageBody.self, EngineRequest(.get, "/system/df"))
    }

    /// Events from `since` to `until` (seconds since 1970, with a fraction where needed), then as they happen without `until`.
    /// Source: Engine API 1.51, SystemEvents.
    package func events(
        since: String? = nil, until: String? = nil, filters: Filters = Filters()
    ) async throws -> JSONLines<EventMessage> {
        var request = EngineRequest(.get, "/events")
        request.set("since", since)
        request.set("until", until)
        try request.set(filters)
        return try await send(request).lines(of: EventMessage.self)
    }

    /// Asks the registry through the daemon whether a login is right. Source: Engine API 1.51, SystemAuth.
    package func authenticate(_ login: AuthConfig) async throws -> AuthResponse {
        var request = EngineRequest(.post, "/auth")
        try request.setJSON(login)
        let response = try await send(request)
        guard response.status != 204 else { return AuthResponse() }
        return try await response.json(AuthResponse.self)
    }
}

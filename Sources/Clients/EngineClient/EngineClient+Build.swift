package import DockerAPI

extension EngineClient {
    /// Builds an image. With `gantry-events` in the query the answer's lines are ``BuildEventMessage``.
    /// Source: Engine API 1.51, ImageBuild.
    /// - Parameters:
    ///   - context: a tar stream; nil when the query names a remote one.
    ///   - logins: by server, for pulling what the build starts from.
    package func build(
        query: [(String, String)], context: (any AsyncSequence<[UInt8], any Error> & Sendable)? = nil,
        additions: BuildAdditions = BuildAdditions(), logins: [String: AuthConfig]
    ) async throws -> EngineResponse {
        var request = EngineRequest(.post, "/build")
        for (name, value) in query { request.set(name, value) }
        if !logins.isEmpty { request.headers.append((AuthConfig.buildHeaderName, try AuthConfig.headerValue(of: logins))) }
        if !additions.isEmpty { request.headers.append((BuildAdditions.headerName, try additions.headerValue())) }
        if let context { request.body = .stream(context, contentType: "application/x-tar") }
        return try await send(request)
    }

    /// The file tree that a build ended with, as a tar. Not part of Docker's API.
    /// - Parameter chain: digest of its layers; nil for a tree without files.
    package func buildLayers(_ chain: String?) async throws -> ResponseBody {
        try await send(EngineRequest(.get, "/build/layers/\(EngineRequest.part(chain ?? "none"))")).body
    }

    /// The files of a build's result as a tar. Not part of Docker's API.
    /// - Parameter isSplit: a folder for each platform; nil where there are several.
    package func buildTree(_ result: String, isSplit: Bool?) async throws -> ResponseBody {
        var request = EngineRequest(.get, "/build/results/\(EngineRequest.part(result))/tree")
        if let isSplit { request.set("split", isSplit ? "1" : "0") }
        return try await send(request).body
    }

    /// The images of a build's result as an archive. Not part of Docker's API.
    /// - Parameter format: `oci` or `docker`.
    package func buildArchive(_ result: String, format: String) async throws -> ResponseBody {
        var request = EngineRequest(.get, "/build/results/\(EngineRequest.part(result))/archive")
        request.set("format", format)
        return try await send(request).body
    }

    /// Pushes a build's result. Not part of Docker's API.
    package func pushBuild(
        _ result: String, name: String, byDigest: Bool, login: AuthConfig?
    ) async throws -> JSONLines<JSONMessage> {
        var request = EngineRequest(.post, "/build/results/\(EngineRequest.part(result))/push")
        request.set("name", name)
        request.set("bydigest", byDigest)
        request.headers.append((AuthConfig.headerName, try (login ?? AuthConfig()).headerValue()))
        return try await send(request).lines(of: JSONMessage.self)
    }

    /// Holds the secrets and agents of a failed step as long as the connection is open; a byte comes once they are held. Not part
    /// of Docker's API.
    package func holdMounts(_ holder: String) async throws -> ResponseBody {
        try await send(EngineRequest(.post, "/build/held/\(EngineRequest.part(holder))")).body
    }

    /// The last builds, newest first. Not part of Docker's API.
    package func builds() async throws -> [BuildRecordBody] {
        try await json([BuildRecordBody].self, EngineRequest(.get, "/builds"))
    }

    /// - Parameter id: the beginning of an id, or `latest`.
    package func build(_ id: String) async throws -> BuildRecordBody {
        try await json(BuildRecordBody.self, EngineRequest(.get, "/builds/\(EngineRequest.part(id))"))
    }

    /// What a build printed.
    package func buildLog(_ id: String) async throws -> [UInt8] {
        try await send(EngineRequest(.get, "/builds/\(EngineRequest.part(id))/logs")).bytes()
    }
}

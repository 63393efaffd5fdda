package import DockerAPI

extension EngineClient {
    /// Source: Engine API 1.51, ImageList.
    package func images(all: Bool = false, digests: Bool = false, filters: Filters = Filters()) async throws -> [ImageSummary] {
        var request = EngineRequest(.get, "/images/json")
        request.set("all", all)
        request.set("digests", digests)
        try request.set(filters)
        return try await json([ImageSummary].self, request)
    }

    /// Source: Engine API 1.51, ImageHistory.
    package func imageHistory(_ name: String, platform: String? = nil) async throws -> [HistoryItem] {
        var request = EngineRequest(.get, "/images/\(EngineRequest.imagePart(name))/history")
        request.set("platform", platform)
        return try await json([HistoryItem].self, request)
    }

    /// What each layer of an image brought. Not part of Docker's API.
    package func imageLayers(_ name: String) async throws -> ImageLayersBody {
        try await json(ImageLayersBody.self, EngineRequest(.get, "/images/\(EngineRequest.imagePart(name))/layers"))
    }

    /// What two images have that is not the same. Not part of Docker's API.
    /// - Parameter other: by its id, as `id`.
    package func imageDifferences(_ id: String, _ other: String) async throws -> ImageDifferencesBody {
        var request = EngineRequest(.get, "/images/\(EngineRequest.imagePart(id))/differences")
        request.set("with", other)
        return try await json(ImageDifferencesBody.self, request)
    }

    /// What the daemon knows of an image, as it wrote it. Source: Engine API 1.51, ImageInspect.
    package func imageInspectBytes(_ name: String, platform: String? = nil) async throws -> [UInt8] {
        var request = EngineRequest(.get, "/images/\(EngineRequest.imagePart(name))/json")
        request.set("platform", platform)
        return try await send(request).bytes()
    }

    /// Pulls an image, or all tags of a repository when `tag` is nil. Source: Engine API 1.51, ImageCreate.
    /// - Parameter login: goes into `X-Registry-Auth`.
    package func pull(
        _ name: String, tag: String?, platform: String?, allPlatforms: Bool = false, login: AuthConfig?
    ) async throws -> JSONLines<JSONMessage> {
        var request = EngineRequest(.post, "/images/create")
        request.set("fromImage", name)
        request.set("tag", tag)
        request.set("platform", platform)
        request.set("allplatforms", allPlatforms)
        if let login { request.headers.append((AuthConfig.headerName, try login.headerValue())) }
        return try await send(request).lines(of: JSONMessage.self)
    }

    /// Pushes one tag, or all of the repository when `tag` is nil. Source: Engine API 1.51, ImagePush.
    package func push(
        _ name: String, tag: String?, platform: String? = nil, login: AuthConfig?
    ) async throws -> JSONLines<JSONMessage> {
        var request = EngineRequest(.post, "/images/\(EngineRequest.imagePart(name))/push")
        request.set("tag", tag)
        request.set("platform", platform)
        // The daemon insists on the header, also without a login.
        request.headers.append((AuthConfig.headerName, try (login ?? AuthConfig()).headerValue()))
        return try await send(request).lines(of: JSONMessage.self)
    }

    /// Source: Engine API 1.51, ImageTag.
    package func tag(_ name: String, repository: String, tag: String) async throws {
        var request = EngineRequest(.post, "/images/\(EngineRequest.imagePart(name))/tag")
        request.set("repo", repository)
        request.set("tag", tag)
        try await call(request)
    }

    /// Source: Engine API 1.51, ImageDelete.
    package func removeImage(_ name: String, force: Bool, noPrune: Bool) async throws -> [ImageDeleteItem] {
        var request = EngineRequest(.delete, "/images/\(EngineRequest.imagePart(name))")
        request.set("force", force)
        request.set("noprune", noPrune)
        return try await json([ImageDeleteItem].self, request)
    }

    /// A docker-archive of these images as it comes. Source: Engine API 1.51, ImageGetAll.
    package func save(_ names: [String], platforms: [String] = []) async throws -> ResponseBody {
        var request = EngineRequest(.get, "/images/get")
        for platform in platforms { request.set("platform", platform) }
        for name in names { request.set("names", name) }
        return try await send(request).body
    }

    /// Source: Engine API 1.51, ImageLoad.
    package func load(
        _ archive: some AsyncSequence<[UInt8], any Error> & Sendable, platforms: [String] = [], quiet: Bool
    ) async throws -> JSONLines<JSONMessage> {
        var request = EngineRequest(.post, "/images/load")
        request.set("quiet", quiet)
        for platform in platforms { request.set("platform", platform) }
        request.body = .stream(archive, contentType: "application/x-tar")
        return try await send(request).lines(of: JSONMessage.self)
    }

    /// A root file system as an image. Source: Engine API 1.51, ImageCreate with `fromSrc`.
    /// - Parameters:
    ///   - source: `-` for `archive`, else an address that the daemon fetches.
    package func importImage(
        source: String, repository: String?, tag: String?, message: String, changes: [String], platform: String?,
        archive: (any AsyncSequence<[UInt8], any Error> & Sendable)?
    ) async throws -> JSONLines<JSONMessage> {
        var request = EngineRequest(.post, "/images/create")
        request.set("fromSrc", source)
        request.set("repo", repository)
        request.set("tag", tag)
        request.set("message", message.isEmpty ? nil : message)
        request.set("platform", platform)
        for change in changes { request.set("changes", change) }
        if let archive { request.body = .stream(archive, contentType: "application/x-tar") }
        return try await send(request).lines(of: JSONMessage.self)
    }

    /// Source: Engine API 1.51, ImagePrune.
    package func pruneImages(_ filters: Filters) async throws -> ImagesPruneReport {
        var request = EngineRequest(.post, "/images/prune")
        try request.set(filters)
        return try await json(ImagesPruneReport.self, request)
    }

    /// Source: Engine API 1.51, ImageSearch.
    package func searchImages(_ term: String, limit: Int, filters: Filters, login: AuthConfig?) async throws -> [ImageSearchItem] {
        var request = EngineRequest(.get, "/images/search")
        request.set("term", term)
        if limit > 0 { request.set("limit", String(limit)) }
        try request.set(filters)
        if let login { request.headers.append((AuthConfig.headerName, try login.headerValue())) }
        return try await json([ImageSearchItem].self, request)
    }
}

package import DockerAPI
internal import Essentials

/// How much of the build cache may stay, in bytes; 0 for no limit of its own.
package struct BuildCacheSpace: Sendable, Hashable {
    package var reserved: Int64 = 0
    package var maximum: Int64 = 0
    package var minimumFree: Int64 = 0

    package init() {}
}

extension EngineClient {
    /// Source: Engine API 1.51, BuildPrune.
    package func pruneBuildCache(
        all: Bool, space: BuildCacheSpace = BuildCacheSpace(), filters: Filters = Filters()
    ) async throws -> BuildPruneReport {
        var request = EngineRequest(.post, "/build/prune")
        request.set("all", all)
        let spaces = [("reserved-space", space.reserved), ("max-used-space", space.maximum), ("min-free-space", space.minimumFree)]
        for (name, bytes) in spaces where bytes > 0 { request.set(name, String(bytes)) }
        try request.set(filters)
        return try await json(BuildPruneReport.self, request)
    }

    /// The records of the build cache that the filters of a prune admit. Not part of Docker's API.
    package func buildCacheUsage(_ filters: Filters) async throws -> [BuildCacheRecord] {
        var request = EngineRequest(.get, "/build/cache")
        try request.set(filters)
        return try await json([BuildCacheRecord].self, request)
    }

    /// The content of a cache mount as a tar. Not part of Docker's API.
    package func exportMount(_ id: String) async throws -> ResponseBody {
        var request = EngineRequest(.get, "/build/mounts/archive")
        request.set("id", id)
        return try await send(request).body
    }

    /// Fills a cache mount from a tar, which may be compressed.
    package func importMount(_ id: String, archive: any AsyncSequence<[UInt8], any Error> & Sendable) async throws {
        var request = EngineRequest(.put, "/build/mounts/archive")
        request.set("id", id)
        request.body = .stream(archive, contentType: "application/x-tar")
        _ = try await send(request).bytes()
    }

    /// - Returns: the manifest's digest.
    package func pushMount(_ id: String, reference: String, login: AuthConfig?) async throws -> String {
        try await json(BuildMountPushed.self, try transfer("/build/mounts/push", id, reference, login)).digest
    }

    package func pullMount(_ id: String, reference: String, login: AuthConfig?) async throws {
        _ = try await send(try transfer("/build/mounts/pull", id, reference, login)).bytes()
    }

    private func transfer(_ path: String, _ id: String, _ reference: String, _ login: AuthConfig?) throws -> EngineRequest {
        var request = EngineRequest(.post, path)
        request.set("id", id)
        request.set("ref", reference)
        if let login { request.headers.append((AuthConfig.headerName, try login.headerValue())) }
        return request
    }
}

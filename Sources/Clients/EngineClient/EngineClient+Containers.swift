package import DockerAPI
import Essentials

extension EngineClient {
    static func container(_ name: String, _ verb: String) -> String { "/containers/\(EngineRequest.part(name))\(verb)" }

    /// Source: Engine API 1.51, ContainerList.
    /// - Parameter limit: the newest n of all; 0 for no limit.
    package func containers(
        all: Bool = false, limit: Int = 0, size: Bool = false, filters: Filters = Filters()
    ) async throws -> [ContainerSummary] {
        var request = EngineRequest(.get, "/containers/json")
        request.set("all", all)
        request.set("size", size)
        request.set("limit", limit > 0 ? String(limit) : nil)
        try request.set(filters)
        return try await json([ContainerSummary].self, request)
    }

    /// Source: Engine API 1.51, ContainerCreate.
    package func createContainer(
        _ body: ContainerCreateBody, name: String? = nil, platform: String? = nil
    ) async throws -> ContainerCreateResponse {
        var request = EngineRequest(.post, "/containers/create")
        request.set("name", name)
        request.set("platform", platform)
        request.body = .bytes(try body.text(), contentType: "application/json")
        return try await json(ContainerCreateResponse.self, request)
    }

    /// Source: Engine API 1.51, ContainerInspect.
    package func inspectContainer(_ name: String) async throws -> ContainerInspect {
        try await json(ContainerInspect.self, EngineRequest(.get, Self.container(name, "/json")))
    }

    /// What the daemon knows of a container, as it wrote it.
    package func containerInspectBytes(_ name: String, size: Bool = false) async throws -> [UInt8] {
        var request = EngineRequest(.get, Self.container(name, "/json"))
        request.set("size", size)
        return try await send(request).bytes()
    }

    /// Source: Engine API 1.51, ContainerTop.
    package func processes(of name: String, arguments: [String]) async throws -> TopResponse {
        var request = EngineRequest(.get, Self.container(name, "/top"))
        request.set("ps_args", arguments.isEmpty ? nil : arguments.joined(separator: " "))
        return try await json(TopResponse.self, request)
    }

    /// Source: Engine API 1.51, ContainerChanges.
    package func changes(of name: String) async throws -> [FilesystemChange] {
        try await json([FilesystemChange]?.self, EngineRequest(.get, Self.container(name, "/changes"))) ?? []
    }

    /// The container's file system as a tar stream. Source: Engine API 1.51, ContainerExport.
    package func export(_ name: String) async throws -> ResponseBody {
        try await send(EngineRequest(.get, Self.container(name, "/export"))).body
    }

    /// Source: Engine API 1.51, ContainerStats.
    /// - Parameter oneShot: one sample at once, without the one before it.
    package func stats(of name: String, stream: Bool, oneShot: Bool = false) async throws -> JSONLines<Stats> {
        var request = EngineRequest(.get, Self.container(name, "/stats"))
        request.set("stream", stream ? "1" : "0")
        request.set("one-shot", oneShot)
        return try await send(request).lines(of: Stats.self)
    }

    /// Starts it; one that runs already is left as it is. Source: Engine API 1.51, ContainerStart.
    package func startContainer(
        _ name: String, detachKeys: String? = nil, checkpoint: String? = nil, checkpointDirectory: String? = nil
    ) async throws {
        var request = EngineRequest(.post, Self.container(name, "/start"))
        request.set("detachKeys", detachKeys)
        request.set("checkpoint", checkpoint)
        request.set("checkpoint-dir", checkpointDirectory)
        try await call(request)
    }

    /// Source: Engine API 1.51, ContainerStop.
    /// - Parameter timeout: seconds until it is killed, -1 for never; nil for the container's own.
    package func stopContainer(_ name: String, signal: String? = nil, timeout: Int? = nil) async throws {
        try await stopLike("/stop", name, signal: signal, timeout: timeout)
    }

    /// Source: Engine API 1.51, ContainerRestart.
    package func restartContainer(_ name: String, signal: String? = nil, timeout: Int? = nil) async throws {
        try await stopLike("/restart", name, signal: signal, timeout: timeout)
    }

    private func stopLike(_ verb: String, _ name: String, signal: String?, timeout: Int?) async throws {
        var request = EngineRequest(.post, Self.container(name, verb))
        request.set("signal", signal)
        request.set("t", timeout.map { String($0) })
        try await call(request)
    }

    /// Source: Engine API 1.51, ContainerKill.
    package func killContainer(_ name: String, signal: String? = nil) async throws {
        var request = EngineRequest(.post, Self.container(name, "/kill"))
        request.set("signal", signal)
        try await call(request)
    }

    /// Source: Engine API 1.51, ContainerUpdate.
    package func updateContainer(_ name: String, _ body: ContainerUpdateBody) async throws -> ContainerUpdateResponse {
        var request = EngineRequest(.post, Self.container(name, "/update"))
        try request.setJSON(body)
        return try await json(ContainerUpdateResponse.self, request)
    }

    /// Source: Engine API 1.51, ContainerRename.
    package func renameContainer(_ name: String, to newName: String) async throws {
        var request = EngineRequest(.post, Self.container(name, "/rename"))
        request.set("name", newName)
        try await call(request)
    }

    package func pauseContainer(_ name: String) async throws {
        try await call(EngineRequest(.post, Self.container(name, "/pause")))
    }

    package func unpauseContainer(_ name: String) async throws {
        try await call(EngineRequest(.post, Self.container(name, "/unpause")))
    }

    /// Asks to be told of a container's end. The daemon has taken note when this returns; the answer is the one line to come.
    /// Source: Engine API 1.51, ContainerWait.
    /// - Parameter condition: `not-running`, `next-exit` or `removed`.
    package func wait(for name: String, condition: String) async throws -> JSONLines<WaitResponse> {
        var request = EngineRequest(.post, Self.container(name, "/wait"))
        request.set("condition", condition)
        return try await send(request).lines(of: WaitResponse.self)
    }

    /// Source: Engine API 1.51, ContainerDelete.
    package func removeContainer(_ name: String, volumes: Bool, force: Bool, link: Bool = false) async throws {
        var request = EngineRequest(.delete, "/containers/\(EngineRequest.part(name))")
        request.set("v", volumes)
        request.set("force", force)
        request.set("link", link)
        try await call(request)
    }

    /// Source: Engine API 1.51, ContainerPrune.
    package func pruneContainers(filters: Filters) async throws -> ContainersPruneReport {
        var request = EngineRequest(.post, "/containers/prune")
        try request.set(filters)
        return try await json(ContainersPruneReport.self, request)
    }

    /// Makes an image of a container. Source: Engine API 1.51, ImageCommit.
    /// - Parameter changes: Dockerfile lines.
    package func commit(
        _ container: String, repository: String?, tag: String?, comment: String, author: String, changes: [String], pause: Bool
    ) async throws -> String {
        var request = EngineRequest(.post, "/commit")
        request.set("container", container)
        request.set("repo", repository)
        request.set("tag", tag)
        request.set("comment", comment.isEmpty ? nil : comment)
        request.set("author", author.isEmpty ? nil : author)
        for change in changes { request.set("changes", change) }
        if !pause { request.set("pause", "0") }
        return try await json(IDResponse.self, request).id
    }
}

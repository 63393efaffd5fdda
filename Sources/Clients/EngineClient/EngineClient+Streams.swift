package import DockerAPI
import Essentials

/// What to connect to when attaching.
package struct AttachOptions: Sendable {
    package var stdin = false
    package var stdout = false
    package var stderr = false
    package var logs = false
    package var detachKeys: String?

    package init() {}
}

/// Which lines of a log.
package struct LogOptions: Sendable {
    package var follow = false
    package var timestamps = false
    package var details = false
    /// `all` or a number.
    package var tail = "all"
    /// Unix seconds with a fraction, or RFC 3339.
    package var since: String?
    package var until: String?

    package init() {}
}

extension EngineClient {
    /// Source: Engine API 1.51, ContainerAttach.
    package func attach(_ name: String, _ options: AttachOptions) async throws -> HijackedConnection {
        var request = EngineRequest(.post, Self.container(name, "/attach"))
        request.set("stream", true)
        request.set("stdin", options.stdin)
        request.set("stdout", options.stdout)
        request.set("stderr", options.stderr)
        request.set("logs", options.logs)
        request.set("detachKeys", options.detachKeys)
        request.headers.append(("Content-Type", "text/plain"))
        return try await hijack(request)
    }

    /// Source: Engine API 1.51, ContainerLogs. In frames, unless the container has a terminal.
    package func logs(_ name: String, _ options: LogOptions) async throws -> ResponseBody {
        var request = EngineRequest(.get, Self.container(name, "/logs"))
        request.set("stdout", true)
        request.set("stderr", true)
        request.set("follow", options.follow)
        request.set("timestamps", options.timestamps)
        request.set("details", options.details)
        request.set("tail", options.tail)
        request.set("since", options.since)
        request.set("until", options.until)
        return try await send(request).body
    }

    /// Source: Engine API 1.51, ContainerResize.
    package func resizeContainer(_ name: String, columns: UInt16, rows: UInt16) async throws {
        try await resize(Self.container(name, "/resize"), columns: columns, rows: rows)
    }

    private func resize(_ path: String, columns: UInt16, rows: UInt16) async throws {
        var request = EngineRequest(.post, path)
        request.set("h", String(rows))
        request.set("w", String(columns))
        try await call(request)
    }

    // MARK: Exec

    /// Source: Engine API 1.51, ContainerExec.
    package func createExec(in container: String, _ body: ExecCreateBody) async throws -> String {
        var request = EngineRequest(.post, Self.container(container, "/exec"))
        request.body = .bytes(try body.text(), contentType: "application/json")
        return try await json(IDResponse.self, request).id
    }

    /// Source: Engine API 1.51, ExecStart, detached.
    package func startExec(_ id: String, terminal: Bool) async throws {
        var body = ExecStartBody()
        body.detach = true
        body.tty = terminal
        var request = EngineRequest(.post, Self.exec(id, "/start"))
        try request.setJSON(body)
        try await call(request)
    }

    /// Source: Engine API 1.51, ExecStart.
    /// - Parameter size: rows and columns of the terminal.
    package func attachExec(_ id: String, terminal: Bool, size: [Int]?) async throws -> HijackedConnection {
        var body = ExecStartBody()
        body.tty = terminal
        body.consoleSize = size
        var request = EngineRequest(.post, Self.exec(id, "/start"))
        try request.setJSON(body)
        return try await hijack(request)
    }

    /// Source: Engine API 1.51, ExecResize.
    package func resizeExec(_ id: String, columns: UInt16, rows: UInt16) async throws {
        try await resize(Self.exec(id, "/resize"), columns: columns, rows: rows)
    }

    /// Source: Engine API 1.51, ExecInspect.
    package func inspectExec(_ id: String) async throws -> ExecInspect {
        try await json(ExecInspect.self, EngineRequest(.get, Self.exec(id, "/json")))
    }

    private static func exec(_ id: String, _ verb: String) -> String { "/exec/\(EngineRequest.part(id))\(verb)" }

    // MARK: Archives

    /// What a path in a container is. Source: Engine API 1.51, ContainerArchiveInfo.
    package func pathStatus(_ path: String, in container: String) async throws -> PathStat {
        var request = EngineRequest(.head, Self.container(container, "/archive"))
        request.set("path", path)
        do { return try Self.pathStatus(try await send(request)) } catch let error as GantryError where error.kind == .notFound {
            // The answer to HEAD has no body: the container or the path may be missing.
            _ = try await inspectContainer(container)
            throw GantryError.notFound("\(GantryError.daemonPrefix)Could not find the file \(path) in container \(container)")
        }
    }

    private static func pathStatus(_ response: EngineResponse) throws -> PathStat {
        guard let text = response.head.header(PathStat.headerName.lowercased()), let status = PathStat(headerValue: text) else {
            throw GantryError.internal("the daemon did not say what the path is")
        }
        return status
    }

    /// A path in a container as a tar stream. Source: Engine API 1.51, ContainerArchive.
    package func copyOut(_ path: String, of container: String) async throws -> (status: PathStat, archive: ResponseBody) {
        var request = EngineRequest(.get, Self.container(container, "/archive"))
        request.set("path", path)
        let response = try await send(request)
        return (try Self.pathStatus(response), response.body)
    }

    /// Unpacks a tar stream into a folder of a container. Source: Engine API 1.51, PutContainerArchive.
    package func copyIn(
        _ archive: any AsyncSequence<[UInt8], any Error> & Sendable, to path: String, of container: String, keepOwners: Bool,
        keepsKinds: Bool = true
    ) async throws {
        var request = EngineRequest(.put, Self.container(container, "/archive"))
        request.set("path", path)
        request.set("noOverwriteDirNonDir", keepsKinds)
        request.set("copyUIDGID", keepOwners)
        request.body = .stream(archive, contentType: "application/x-tar")
        try await call(request)
    }
}

internal import DockerAPI
internal import Engine
internal import Essentials

extension ContainerRoutes {
    var archives: [Route] {
        [
            Route("HEAD", "/containers/{name}/archive") { request in
                let status = try await containers.pathStatus(request.name(), try path(request))
                return Reply(status: 200, headers: [(PathStat.headerName, try PathStat(status).headerValue())])
            },
            Route("GET", "/containers/{name}/archive", endsWithClient: true) { request in
                let (status, write) = try await containers.readArchive(request.name(), try path(request))
                let header = (name: PathStat.headerName, value: try PathStat(status).headerValue())
                return .bytes("application/x-tar", headers: [header]) { sink in try await write(sink) }
            },
            Route("PUT", "/containers/{name}/archive", endsWithClient: true) { request in
                try await containers.writeArchive(
                    request.name(), try path(request), from: request.body,
                    noOverwriteDirectoryNonDirectory: request.query.bool("noOverwriteDirNonDir"),
                    copyOwners: request.query.bool("copyUIDGID"))
                return .empty(200)
            },
            Route("GET", "/containers/{name}/export", endsWithClient: true) { request in
                let name = try await containers.details(request.name(), size: false).id
                return .bytes("application/octet-stream") { sink in try await containers.export(name, to: sink) }
            },
        ]
    }

    private func path(_ request: RequestContext) throws -> String {
        guard let path = request.query.text("path") else { throw GantryError.invalid("bad parameter: pathcannot be empty") }
        return path
    }
}

extension PathStat {
    init(_ status: PathStatus) {
        self.init()
        name = status.name
        size = status.size
        mode = GoFileMode.from(unix: status.mode)
        mtime = status.modifiedAt.rfc3339
        linkTarget = status.linkTarget
    }
}

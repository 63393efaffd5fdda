internal import DockerAPI
internal import Engine
internal import Essentials

/// Networks. Source: Engine API 1.51, "Network".
struct NetworkRoutes {
    let networks: any NetworkOperations

    var all: [Route] {
        [
            Route("GET", "/networks", list),
            Route("GET", "/networks/", list),
            Route("GET", "/networks/{name}") { request in
                .json(NetworkInspect(try await networks.details(request.name()), members: true))
            },
            Route("POST", "/networks/create") { request in
                let body = try await request.json(NetworkCreateBody.self) ?? NetworkCreateBody()
                let (id, warning) = try await networks.create(NetworkCreateRequest(body))
                var response = NetworkCreateResponse()
                response.id = id
                response.warning = warning
                return .json(response, status: 201)
            },
            Route("POST", "/networks/prune") { request in
                var report = NetworksPruneReport()
                report.networksDeleted = try await networks.prune(filters: try request.query.filters()).removed
                return .json(report)
            },
            Route("POST", "/networks/{name}/connect") { request in
                let body = try await request.json(NetworkConnectBody.self) ?? NetworkConnectBody()
                try await networks.connect(
                    request.name(), container: body.container,
                    settings: body.endpointConfig.map(NetworkAttachmentSettings.init) ?? NetworkAttachmentSettings())
                return .empty(200)
            },
            Route("POST", "/networks/{name}/disconnect") { request in
                let body = try await request.json(NetworkDisconnectBody.self) ?? NetworkDisconnectBody()
                try await networks.disconnect(request.name(), container: body.container, force: body.force)
                return .empty(200)
            },
            Route("DELETE", "/networks/{name}") { request in
                try await networks.remove(request.name())
                return .empty(204)
            },
        ]
    }

    @Sendable private func list(_ request: RequestContext) async throws -> Reply {
        .json(try await networks.list(filters: try request.query.filters()).map { NetworkInspect($0, members: false) })
    }
}

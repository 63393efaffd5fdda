internal import DockerAPI
internal import Engine
internal import Essentials

/// Checkpoints of containers. Source: moby, api/server/router/checkpoint; Docker has them in experimental daemons.
struct CheckpointRoutes {
    let containers: any ContainerOperations

    var all: [Route] {
        [
            Route("GET", "/containers/{name}/checkpoints") { request in
                let names = try await containers.checkpoints(request.name(), directory: request.query.text("dir"))
                return .json(names.map(CheckpointBody.init))
            },
            Route("POST", "/containers/{name}/checkpoints") { request in
                guard let body = try await request.json(CheckpointCreateBody.self) else {
                    throw GantryError.invalid("invalid JSON: got EOF while reading request body")
                }
                try await containers.makeCheckpoint(
                    request.name(),
                    CheckpointPlace(
                        name: body.checkpointID, directory: body.checkpointDirectory.isEmpty ? nil : body.checkpointDirectory),
                    leavesRunning: !body.exit)
                return .empty(201)
            },
            Route("DELETE", "/containers/{name}/checkpoints/{checkpoint}") { request in
                try await containers.removeCheckpoint(
                    request.name(), CheckpointPlace(name: request.name("checkpoint"), directory: request.query.text("dir")))
                return .empty(204)
            },
        ]
    }
}

internal import DockerAPI
internal import Essentials

/// Swarm and managed plugins: clients probe for them, and need the answer that says "not here". Source: Engine API 1.51.
struct NotOfferedRoutes {
    private static let swarmMessage =
        "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to swarm and try again."

    var all: [Route] { plugins + swarm + others }

    private var plugins: [Route] {
        let byName = [
            ("GET", "/plugins/{name}/json"), ("DELETE", "/plugins/{name}"), ("POST", "/plugins/{name}/enable"),
            ("POST", "/plugins/{name}/disable"), ("POST", "/plugins/{name}/upgrade"), ("POST", "/plugins/{name}/push"),
            ("POST", "/plugins/{name}/set"),
        ].map { method, path in
            Route(method, path) { request in throw GantryError.notFound("plugin \"\(request.name())\" not found") }
        }
        let whole = [("GET", "/plugins/privileges"), ("POST", "/plugins/pull"), ("POST", "/plugins/create")].map { method, path in
            Route(method, path) { _ in throw GantryError.unsupported("managed plugins are not offered") }
        }
        return [Route("GET", "/plugins") { _ in .json([String]()) }] + whole + byName
    }

    private var swarm: [Route] {
        let leave = Route("POST", "/swarm/leave") { _ in throw GantryError.unavailable("This node is not part of a swarm") }
        let paths = ["/swarm", "/nodes", "/services", "/tasks", "/secrets", "/configs"]
        let methods = ["GET", "POST", "DELETE"]
        let refused = paths.flatMap { path in
            methods.flatMap { method in
                ["\(path)", "\(path)/{name}"].map { pattern in
                    Route(method, pattern) { _ in throw GantryError.unavailable(Self.swarmMessage) }
                }
            }
        }
        return [leave] + refused
    }

    private var others: [Route] {
        [
            Route("GET", "/images/search") { request in
                if let limit = try request.query.integer("limit"), !(0...100).contains(limit) {
                    throw GantryError.invalid("limit \(limit) is outside the range of [1, 100]")
                }
                throw GantryError.unsupported("searching a registry is not offered")
            },
            Route("GET", "/images/{name}/attestations") { _ in throw GantryError.unsupported("attestations are not offered") },
        ]
    }
}

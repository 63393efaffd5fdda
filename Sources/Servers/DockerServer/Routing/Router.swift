internal import Engine
internal import Essentials
package import Logging
internal import NIOHTTP1

/// Finds the route of a request in a table, first match wins, and wraps its answer in what all answers have in common.
/// Source: Engine API, "Versioning", "Errors".
package struct Router: Responder {
    private let routes: [Route]
    /// Sent with every answer of a route.
    private let headers: [(name: String, value: String)]
    private let logger: Logger

    package init(routes: [Route], serverVersion: String, isExperimental: Bool = false, logger: Logger) {
        self.routes = routes
        self.logger = logger
        headers = [
            ("Api-Version", "\(APIVersion.newest)"), ("Docker-Experimental", "\(isExperimental)"), ("Ostype", "linux"),
            ("Server", "Docker/\(serverVersion) (linux)"),
        ]
    }

    package func accept(_ head: RequestHead, body: RequestBody) -> AcceptedRequest {
        let started = ContinuousClock.now
        let (route, answer) = find(head, body: body)
        return AcceptedRequest(
            endsWithClient: route?.endsWithClient ?? false,
            answer: {
                let reply = await answer()
                log(head, status: reply.status, since: started)
                return reply
            },
            failure: { error in
                log(head, status: ErrorMapping.status(error), since: started)
                return withHeaders(ErrorMapping.reply(error))
            })
    }

    private typealias Answer = @Sendable () async -> Reply

    private func find(_ head: RequestHead, body: RequestBody) -> (Route?, Answer) {
        let (rawPath, query) = Self.split(head.target)
        guard let path = Percent.decode(rawPath) else {
            return (nil, { ErrorMapping.reply(status: 400, message: "malformed path") })
        }
        if path.contains("//") {
            let location = Self.clean(rawPath) + (query.isEmpty ? "" : "?\(query)")
            return (nil, { Reply(status: 301, headers: [("Location", location)]) })
        }
        if head.method == "OPTIONS" { return (nil, { withHeaders(.empty(200)) }) }
        let (versionText, rest) = Self.version(of: path)
        let segments = rest.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        for route in routes where route.method == head.method {
            guard let names = route.pattern.match(Array(segments)) else { continue }
            return (route, { await run(route, head, versionText, Query(query), names, body) })
        }
        return (nil, { ErrorMapping.reply(status: 404, message: "page not found") })
    }

    private func run(
        _ route: Route, _ head: RequestHead, _ versionText: Substring?, _ query: Query, _ names: [String: String],
        _ body: RequestBody
    ) async -> Reply {
        do {
            let version = try Self.check(versionText)
            let context = RequestContext(head: head, version: version, query: query, names: names, body: body)
            let client = head.headers.first(name: "user-agent") ?? ""
            return withHeaders(try await Caller.$client.withValue(client) { try await route.handler(context) })
        } catch {
            if !(error is GantryError) { logger.debug("request failed", metadata: ["error": "\(error)"]) }
            return withHeaders(ErrorMapping.reply(error))
        }
    }

    private func withHeaders(_ reply: Reply) -> Reply {
        var reply = reply
        reply.headers += headers
        return reply
    }

    private func log(_ head: RequestHead, status: Int, since started: ContinuousClock.Instant) {
        let milliseconds = (ContinuousClock.now - started) / .milliseconds(1)
        logger.debug(
            "request answered",
            metadata: [
                "request": "\(head.method) \(Self.split(head.target).path)", "status": "\(status)",
                "durationMs": "\(Int(milliseconds))",
            ])
    }

    // MARK: Paths

    /// Path and query of either form of target.
    private static func split(_ target: String) -> (path: Substring, query: Substring) {
        var rest = target[...]
        for scheme in ["http://", "https://"] where rest.hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count).drop { $0 != "/" && $0 != "?" }
        }
        let mark = rest.firstIndex(of: "?") ?? rest.endIndex
        let path = rest[..<mark]
        return (path.isEmpty ? "/" : path, mark == rest.endIndex ? "" : rest[rest.index(after: mark)...])
    }

    private static func clean(_ path: Substring) -> String {
        "/" + path.split(separator: "/").joined(separator: "/")
    }

    /// `/v1.45/info` into version and `/info`. Digits and dots only: `/vfoo` is a path like any other.
    private static func version(of path: String) -> (Substring?, Substring) {
        guard path.hasPrefix("/v") else { return (nil, path[...]) }
        let text = path.dropFirst(2).prefix { $0.isASCII && $0.isNumber || $0 == "." }
        let rest = path.dropFirst(2 + text.count)
        return text.isEmpty || !rest.hasPrefix("/") ? (nil, path[...]) : (text, rest)
    }

    private static func check(_ text: Substring?) throws -> APIVersion {
        guard let text else { return .newest }
        guard let version = APIVersion(text) else { throw GantryError.invalid("invalid API version `\(text)`") }
        if version < .oldest {
            throw GantryError.invalid(
                "client version \(text) is too old. Minimum supported API version is \(APIVersion.oldest), "
                    + "please upgrade your client to a newer version")
        }
        if version > .newest {
            throw GantryError.invalid("client version \(text) is too new. Maximum supported API version is \(APIVersion.newest)")
        }
        return version
    }
}

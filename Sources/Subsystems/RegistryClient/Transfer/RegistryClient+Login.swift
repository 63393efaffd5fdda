import AsyncHTTPClient
import Essentials
import NIOHTTP1

extension RegistryClient {
    /// Asks a registry whether it accepts a login.
    ///
    /// - Parameter server: as users write it: `localhost:5000`, `https://index.docker.io/v1/`; empty for Docker Hub.
    /// - Returns: an identity token to keep in place of the password; empty when the registry gives none.
    /// - Throws: `unauthenticated` with what the registry said.
    package func checkCredentials(_ credentials: RegistryCredentials, at server: String) async throws -> String {
        let connection = try await connect(configuration.host(named: Self.domain(of: server)))
        let url = connection.base + "/v2/"
        if let bearer = connection.challenges.first(where: { $0.scheme == "bearer" }), let realm = bearer.parameters["realm"] {
            let key = TokenStore.Key(
                realm: realm, service: bearer.parameters["service"] ?? "", scopes: bearer.parameters["scope"].map { [$0] } ?? [],
                credentials: credentials)
            tokens.forget(key)
            let answer = try await fetchToken(key, connection: connection, offline: true)
            var call = RegistryCall(.GET, url)
            call.authorization = .fixed("Bearer \(answer.token)")
            try await expectOK(call, over: connection)
            return answer.refresh
        }
        var call = RegistryCall(.GET, url)
        call.authorization = credentials.basicHeader.map { .fixed($0) } ?? .none
        try await expectOK(call, over: connection)
        return ""
    }

    private func expectOK(_ call: RegistryCall, over connection: RegistryConnection) async throws {
        let response = try await send(call, over: connection, credentials: .anonymous)
        guard response.status == .ok else {
            let failure = await RegistryFailure.read(response)
            let text = "login attempt to \(call.url) failed with status: \(response.status.code) \(response.status.reasonPhrase)"
            throw GantryError(failure.kind, failure.status == 401 ? "\(call.title): \(failure.text)" : text)
        }
        await discard(response)
    }

    /// Host and port of a server's address.
    static func domain(of server: String) -> String {
        var rest = server[...]
        if let separator = rest.firstRange(of: "://") { rest = rest[separator.upperBound...] }
        let host = String(rest.prefix { $0 != "/" })
        return host.isEmpty ? "docker.io" : host
    }
}

import AsyncHTTPClient
import Essentials
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// What the authorisation server answers. Source: distribution spec, token authentication.
private struct TokenAnswer: Decodable {
    var token: String?
    var accessToken: String?
    /// Seconds.
    var expiresIn: Int?
    var refreshToken: String?

    enum CodingKeys: String, CodingKey {
        case token
        case accessToken = "access_token"
        case expiresIn = "expires_in"
        case refreshToken = "refresh_token"
    }
}

extension RegistryClient {
    /// Value of `Authorization` that the registry wants by these challenges; nil when there is nothing to offer.
    ///
    /// - Parameter renew: do not use a remembered token, the registry has just refused it.
    func authorization(
        for challenges: [Challenge], scopes: [String], credentials: RegistryCredentials, connection: RegistryConnection, renew: Bool
    ) async throws -> String? {
        if case .registryToken(let token) = credentials { return "Bearer \(token)" }
        if let bearer = challenges.first(where: { $0.scheme == "bearer" }), let realm = bearer.parameters["realm"] {
            var wanted = scopes
            if let scope = bearer.parameters["scope"], wanted.isEmpty { wanted = [scope] }
            let key = TokenStore.Key(
                realm: realm, service: bearer.parameters["service"] ?? "", scopes: wanted.sorted(), credentials: credentials)
            if renew { tokens.forget(key) } else if let known = tokens.token(for: key) { return "Bearer \(known)" }
            return "Bearer \(try await fetchToken(key, connection: connection, offline: false).token)"
        }
        guard challenges.contains(where: { $0.scheme == "basic" }) else { return nil }
        return credentials.basicHeader
    }

    /// - Parameter offline: ask for a refresh token as well, as a login does.
    func fetchToken(
        _ key: TokenStore.Key, connection: RegistryConnection, offline: Bool
    ) async throws -> (token: String, refresh: String) {
        guard let realm = URL(string: key.realm), let scheme = realm.scheme, let host = realm.host() else {
            throw GantryError.unavailable(
                "registry `\(connection.host)` names an unusable authorisation server `\(key.realm.prefix(200))`")
        }
        guard scheme == "https" || (scheme == "http" && (connection.allowsPlain || LoopbackHost.matches(host))) else {
            throw GantryError.denied(
                "registry `\(connection.host)` names the authorisation server `\(key.realm.prefix(200))`, which is not reached over https"
            )
        }
        let call = tokenCall(key, offline: offline)
        let response = try await send(call, over: connection, credentials: .anonymous)
        guard response.status == .ok else { throw await tokenRefusal(response, call: call) }
        let body = try await collect(response, upTo: 1 << 20, of: "answer of the authorisation server")
        guard let answer = try? JSONDecoder().decode(TokenAnswer.self, from: Data(body)) else {
            throw GantryError.unavailable("the authorisation server `\(host)` sent no readable token")
        }
        guard let token = [answer.token, answer.accessToken].compactMap(\.self).first(where: { !$0.isEmpty }),
            token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { throw GantryError.denied("authorization server did not include a token in the response") }
        tokens.keep(token, for: key, seconds: answer.expiresIn ?? 60)
        return (token, answer.refreshToken ?? "")
    }

    private func tokenCall(_ key: TokenStore.Key, offline: Bool) -> RegistryCall {
        var fields = [("service", key.service)] + key.scopes.map { ("scope", $0) }
        if case .identityToken(let token) = key.credentials {
            fields += [("grant_type", "refresh_token"), ("client_id", "gantry"), ("refresh_token", token)]
            // OAuth 2 wants one parameter with all scopes, separated by spaces.
            fields.removeAll { $0.0 == "scope" }
            if !key.scopes.isEmpty { fields.append(("scope", key.scopes.joined(separator: " "))) }
            let form = FormEncoding.encode(fields)
            var call = RegistryCall(.POST, key.realm)
            call.authorization = .none
            call.headers.add(name: "Content-Type", value: "application/x-www-form-urlencoded")
            call.body = { .bytes(ByteBuffer(string: form)) }
            return call
        }
        if let username = key.credentials.username { fields.append(("account", username)) }
        if offline { fields += [("offline_token", "true"), ("client_id", "gantry")] }
        let separator = key.realm.contains("?") ? "&" : "?"
        var call = RegistryCall(.GET, key.realm + separator + FormEncoding.encode(fields.filter { !$0.1.isEmpty }))
        call.authorization = key.credentials.basicHeader.map { .fixed($0) } ?? .none
        return call
    }

    private func tokenRefusal(_ response: HTTPClientResponse, call: RegistryCall) async -> GantryError {
        let error = await RegistryFailure.read(response)
        let url = call.url.split(separator: "?").first.map(String.init) ?? call.url
        let kind: GantryError.Kind = [401, 403].contains(response.status.code) ? .unauthenticated : error.kind
        return GantryError(
            kind,
            "\(call.method == .POST ? "Post" : "Get") \"\(url)\": \(error.text(or: "unauthorized: incorrect username or password"))"
        )
    }
}

import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// One request before it has a token, so that it can be sent again.
struct RegistryCall: Sendable {
    var method: HTTPMethod
    var url: String
    var headers: HTTPHeaders = [:]
    /// What the token must allow; empty for what the challenge asks.
    var scopes: [String] = []
    var authorization = Authorization.asChallenged
    /// Makes the body, anew for each attempt.
    var body: (@Sendable () throws -> HTTPClientRequest.Body)?
    /// nil: as configured.
    var attempts: Int?
    /// Until the head of the answer is there.
    var timeout: TimeAmount = .minutes(5)

    enum Authorization: Sendable {
        /// What the registry's challenges ask for.
        case asChallenged
        case fixed(String)
        /// None, even when asked: for whoever is not the registry, and for what fetches tokens.
        case none
    }

    init(_ method: HTTPMethod, _ url: String) {
        self.method = method
        self.url = url
    }

    /// As Docker's messages begin: `Get "https://localhost:5000/v2/"`.
    var title: String { "\(method.rawValue.prefix(1))\(method.rawValue.dropFirst().lowercased()) \"\(url)\"" }
}

/// Who asks. Never part of a message or a log line.
package enum RegistryCredentials: Sendable, Hashable {
    case anonymous
    case basic(username: String, password: String)
    /// Exchanged for a token at the registry's authorisation server (OAuth 2 refresh token).
    case identityToken(String)
    /// Sent to the registry as it is.
    case registryToken(String)

    var username: String? {
        if case .basic(let username, _) = self { return username }
        return nil
    }

    /// Value of the header `Authorization` for the basic scheme (RFC 7617).
    var basicHeader: String? {
        guard case .basic(let username, let password) = self else { return nil }
        return "Basic " + Base64.encode("\(username):\(password)")
    }
}

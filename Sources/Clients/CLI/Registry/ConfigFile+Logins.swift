import DockerAPI

extension ConfigFile {
    /// The logins kept in the file itself, by server. Source: docker/cli config.json, `auths`.
    var logins: [String: AuthConfig] {
        get {
            guard case .object(let members)? = self[value: "auths"] else { return [:] }
            var result: [String: AuthConfig] = [:]
            for (server, entry) in members { result[server] = Self.login(entry, server: server) }
            return result
        }
        set {
            self[value: "auths"] = .object(newValue.mapValues(Self.entry))
        }
    }

    /// Reads `{"auth": base64("user:password")}`, `identitytoken` and `registrytoken`.
    static func login(_ entry: JSONValue, server: String) -> AuthConfig {
        var login = AuthConfig()
        login.serverAddress = server
        login.identityToken = entry["identitytoken"]?.string ?? ""
        login.registryToken = entry["registrytoken"]?.string ?? ""
        login.username = entry["username"]?.string ?? ""
        login.password = entry["password"]?.string ?? ""
        if let encoded = entry["auth"]?.string, let bytes = Base64.decode(encoded), let colon = bytes.firstIndex(of: 58) {
            login.username = String(decoding: bytes[..<colon], as: UTF8.self)
            // Old versions of Docker padded the password with zero bytes.
            var password = bytes[(colon + 1)...]
            while password.last == 0 { password.removeLast() }
            login.password = String(decoding: password, as: UTF8.self)
        }
        return login
    }

    private static func entry(_ login: AuthConfig) -> JSONValue {
        var members: [String: JSONValue] = [:]
        if !login.username.isEmpty || !login.password.isEmpty {
            members["auth"] = .string(Base64.encode(Array("\(login.username):\(login.password)".utf8)))
        }
        if !login.identityToken.isEmpty { members["identitytoken"] = .string(login.identityToken) }
        if !login.registryToken.isEmpty { members["registrytoken"] = .string(login.registryToken) }
        return .object(members)
    }
}

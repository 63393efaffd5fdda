import DockerAPI
import Essentials

/// The user's logins at registries, wherever the configuration says that they are kept.
struct Logins {
    /// The name under which the login of Docker's own registry is kept.
    static let hub = "https://index.docker.io/v1/"

    var config: ConfigFile
    /// Answers of the environment variable `DOCKER_AUTH_CONFIG`, which win over the file for reading.
    private let fromEnvironment: [String: AuthConfig]
    private let run: ([String], String) throws -> HelperProgram.Answer

    /// - Parameter run: how a helper program is run; replaced in tests.
    init(
        config: ConfigFile, environment: [String: String] = [:],
        run: @escaping ([String], String) throws -> HelperProgram.Answer = { try HelperProgram.run($0, input: $1) }
    ) throws {
        self.config = config
        self.run = run
        guard let text = environment["DOCKER_AUTH_CONFIG"], !text.isEmpty else {
            fromEnvironment = [:]
            return
        }
        guard let value = try? EngineJSON.decode(JSONValue.self, from: text.utf8), case .object(let entries)? = value["auths"]
        else { throw GantryError.invalid("the environment variable `DOCKER_AUTH_CONFIG` holds no JSON with `auths`") }
        fromEnvironment = Dictionary(uniqueKeysWithValues: entries.map { ($0, ConfigFile.login($1, server: $0)) })
    }

    /// The key of a registry's login: the host, or Docker's historical address for `docker.io`.
    static func key(forHost host: String) -> String {
        ["docker.io", "index.docker.io", "registry-1.docker.io"].contains(host) ? hub : host
    }

    /// `host[:port]` of an address with or without scheme and path.
    static func hostName(_ address: String) -> String {
        var rest = address[...]
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
        return String(rest.prefix { $0 != "/" })
    }

    /// The login for `server`; blank when there is none.
    func login(for server: String) throws -> AuthConfig {
        if let login = Self.match(server, in: fromEnvironment) { return login }
        if let helper = config.helper(for: server) { return try ask(helper, server: server) }
        return Self.match(server, in: config.logins) ?? Self.blank(server)
    }

    /// All logins, for a build that may need any of them.
    func all() throws -> [String: AuthConfig] {
        var result = config.logins.filter { !$1.username.isEmpty || !$1.identityToken.isEmpty || !$1.registryToken.isEmpty }
        if let store = config[text: "credsStore"] {
            for server in try list(store) { result[server] = try ask(store, server: server) }
        }
        for (server, helper) in config.texts("credHelpers") {
            let login = try ask(helper, server: server)
            if !login.username.isEmpty || !login.identityToken.isEmpty { result[server] = login }
        }
        return result.merging(fromEnvironment) { $1 }
    }

    /// Keeps a login.
    /// - Returns: the path of the file that now holds it as plain text; nil when a helper program keeps it.
    mutating func store(_ login: AuthConfig, for server: String) throws -> String? {
        if let helper = config.helper(for: server) {
            var members: [String: JSONValue] = ["ServerURL": .string(server)]
            members["Username"] = .string(login.identityToken.isEmpty ? login.username : "<token>")
            members["Secret"] = .string(login.identityToken.isEmpty ? login.password : login.identityToken)
            let text = String(decoding: try EngineJSON.encode(JSONValue.object(members)), as: UTF8.self)
            _ = try call(helper, "store", text)
            // An empty entry tells other clients that a login exists.
            config.logins[server] = AuthConfig()
            try config.save()
            return nil
        }
        config.logins[server] = login
        try config.save()
        return config.path
    }

    /// Forgets a login in every form of the server's name.
    mutating func erase(_ server: String) throws {
        for name in server == Self.hub ? [server] : [server, "http://\(server)", "https://\(server)"] {
            if let helper = config.helper(for: name) { _ = try? call(helper, "erase", name) }
            guard config.logins[name] != nil else { continue }
            config.logins[name] = nil
            try config.save()
        }
    }

    // MARK: Helper programs (docker/docker-credential-helpers, "Development")

    private func ask(_ helper: String, server: String) throws -> AuthConfig {
        let answer = try run(["docker-credential-\(helper)", "get"], server)
        guard answer.status == 0 else {
            if answer.output.contains("credentials not found") { return Self.blank(server) }
            throw GantryError.unavailable(Self.complaint(helper, "get", answer))
        }
        guard let value = try? EngineJSON.decode(JSONValue.self, from: answer.output.utf8) else {
            throw GantryError.unavailable("`docker-credential-\(helper) get` answered something that is no JSON")
        }
        var login = Self.blank(server)
        let secret = value["Secret"]?.string ?? ""
        login.username = value["Username"]?.string ?? ""
        if login.username == "<token>" {
            login.username = ""
            login.identityToken = secret
        } else {
            login.password = secret
        }
        return login
    }

    private func list(_ helper: String) throws -> [String] {
        guard let value = try? EngineJSON.decode([String: String].self, from: try call(helper, "list", "").utf8) else { return [] }
        return value.keys.sorted()
    }

    private func call(_ helper: String, _ action: String, _ input: String) throws -> String {
        let answer = try run(["docker-credential-\(helper)", action], input)
        guard answer.status == 0 else { throw GantryError.unavailable(Self.complaint(helper, action, answer)) }
        return answer.output
    }

    private static func complaint(_ helper: String, _ action: String, _ answer: HelperProgram.Answer) -> String {
        let line = answer.output.split(separator: "\n").first.map(String.init) ?? "status \(answer.status)"
        return "`docker-credential-\(helper) \(action)` failed: \(line)"
    }

    private static func blank(_ server: String) -> AuthConfig {
        var login = AuthConfig()
        login.serverAddress = server
        return login
    }

    /// The exact entry, else one with the same host under an older form of the name.
    private static func match(_ server: String, in logins: [String: AuthConfig]) -> AuthConfig? {
        if let login = logins[server] { return login }
        let host = hostName(server)
        return logins.keys.sorted().first { hostName($0) == host }.flatMap { logins[$0] }
    }
}

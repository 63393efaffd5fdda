import DockerAPI
import EngineClient
import Essentials
import LinuxSystem

/// Where the daemon is and how to reach it, decided from flags, environment and configuration.
struct ClientSettings: Sendable {
    static let defaultHost = "unix:///run/gantry/gantry.sock"

    var host: String
    /// The context in force; `default` when a host was given.
    var contextName: String
    var configDirectory: String
    var debug: Bool
    var logLevel: String
    var tls: TLSSettings?
    var apiVersion: String
    var headers: [(name: String, value: String)]
    /// A daemon may be started: the address is the default one and nobody forbade it.
    var autostart: Bool

    /// - Parameter environment: of the process.
    /// - Throws: ``GantryError`` for options that contradict each other, an unknown context or an unreadable configuration.
    init(_ options: GlobalOptions, environment: [String: String]) throws {
        configDirectory = ConfigFile.directory(flag: options.configDirectory, environment: environment)
        debug = options.debug || environment["DEBUG"].map { !$0.isEmpty } ?? false
        logLevel = options.logLevel
        apiVersion = environment["DOCKER_API_VERSION"].flatMap { $0.isEmpty ? nil : $0 } ?? EngineClient.newestVersion
        guard options.hosts.count < 2 else { throw GantryError.invalid("specify only one -H") }
        guard options.hosts.isEmpty || options.context == nil else {
            throw GantryError.invalid("conflicting options: either specify --host or --context, not both")
        }
        let config = try ConfigFile.load(directory: configDirectory)
        headers = config.texts("HttpHeaders").map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
        let named = options.context ?? environment["DOCKER_CONTEXT"]
        let given = options.hosts.first ?? (options.context != nil ? nil : environment["GANTRY_HOST"] ?? environment["DOCKER_HOST"])
        contextName = "default"
        host = Self.defaultHost
        var contextTLS: TLSSettings?
        if let given, !given.isEmpty {
            host = given.contains("://") ? given : "tcp://\(given)"
        } else if let name = named.flatMap({ $0.isEmpty ? nil : $0 }) ?? config[text: "currentContext"], name != "default" {
            let context = try StoredContext.load(name, directory: configDirectory)
            contextName = name
            host = context.host
            contextTLS = context.tls
        }
        tls = Self.tls(options, environment: environment, directory: configDirectory) ?? contextTLS
        autostart = options.autostart && host == Self.defaultHost
    }

    /// Source: docker CLI, `--tls…`, `DOCKER_TLS`, `DOCKER_TLS_VERIFY`, `DOCKER_CERT_PATH`.
    private static func tls(_ options: GlobalOptions, environment: [String: String], directory: String) -> TLSSettings? {
        let verifies = options.tlsVerify ?? (environment["DOCKER_TLS_VERIFY"].map { !$0.isEmpty } ?? false)
        guard options.tls || verifies || environment["DOCKER_TLS"].map({ !$0.isEmpty }) == true else { return nil }
        let folder = environment["DOCKER_CERT_PATH"].flatMap { $0.isEmpty ? nil : $0 } ?? directory
        func file(_ given: String?, _ name: String) -> String? {
            if let given { return given }
            return FileSystem.exists("\(folder)/\(name)") ? "\(folder)/\(name)" : nil
        }
        return TLSSettings(
            verifies: verifies, authorityFile: file(options.authorityFile, "ca.pem"),
            certificateFile: file(options.certificateFile, "cert.pem"), keyFile: file(options.keyFile, "key.pem"))
    }
}

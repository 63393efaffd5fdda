import DockerAPI
import EngineClient
import Essentials

/// `gantry version`
struct VersionCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Show the Gantry version information")
    static let usageLine = "[OPTIONS]"
    static let operandCount = OperandCount.none

    @Option(name: .shortAndLong, help: "Format output: 'json' or a Go template") var format: String?
    var operands: [String] = []

    func run(in session: Session) async throws {
        var server: Value?
        var failure: GantryError?
        do { server = try Value(json: try await session.client.versionBytes()) } catch let error as GantryError { failure = error }
        let client = ClientVersion(session)
        if let format, !format.isEmpty {
            let members =
                [("Client", client.value)] + (server.map { [("Server", VersionText.withGoNames($0))] } ?? [("Server", .null)])
            if format == "json" {
                let raw = [("Client", client.json)] + [("Server", server ?? .null)]
                session.console.print(Value.object(Value.Members(raw)).json)
            } else {
                try session.showObject(.object(Value.Members(members)), format: format)
            }
        } else {
            session.console.text(client.text + (server.map(VersionText.server) ?? ""))
        }
        if let failure { throw failure }
    }
}

/// What we say of ourselves.
struct ClientVersion {
    var version: String
    /// In force with this daemon, and the newest that we speak.
    var apiVersion: String
    var newestAPIVersion: String
    var commit: String
    var architecture: String
    var context: String

    init(_ session: Session) {
        version = Gantry.version
        apiVersion = session.client.apiVersion
        newestAPIVersion = EngineClient.newestVersion
        commit = Gantry.build
        architecture = Self.architecture
        context = session.settings.contextName
    }

    var text: String {
        let lowered = apiVersion == newestAPIVersion ? "" : " (downgraded from \(newestAPIVersion))"
        return VersionText.block(
            "Client:\n", indent: 1,
            [
                ("Version", version), ("API version", apiVersion + lowered), ("Git commit", commit),
                ("OS/Arch", "linux/\(architecture)"),
                ("Context", context),
            ])
    }

    /// As `version --format json` prints it.
    var json: Value { object(apiKey: "ApiVersion") }

    /// As templates name the fields.
    var value: Value { object(apiKey: "APIVersion") }

    private func object(apiKey: String) -> Value {
        .object(
            Value.Members([
                ("Version", .string(version)), (apiKey, .string(apiVersion)), ("DefaultAPIVersion", .string(newestAPIVersion)),
                ("GitCommit", .string(commit)), ("GoVersion", .string("")), ("Os", .string("linux")),
                ("Arch", .string(architecture)),
                ("BuildTime", .string("")), ("Context", .string(context)),
            ]))
    }

    /// Go's name of the processor that we were built for.
    static var architecture: String {
        #if arch(arm64)
            "arm64"
        #else
            "amd64"
        #endif
    }
}

import DockerAPI
import EngineClient
import Essentials

/// `gantry info`
struct InfoCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "info", abstract: "Display system-wide information")
    static let usageLine = "[OPTIONS]"
    static let operandCount = OperandCount.none

    @Option(name: .shortAndLong, help: "Format output: 'json' or a Go template") var format: String?
    var operands: [String] = []

    func run(in session: Session) async throws {
        var bytes: [UInt8]?
        var failure: GantryError?
        do { bytes = try await session.client.infoBytes() } catch let error as GantryError { failure = error }
        if let format, !format.isEmpty {
            try showFormatted(bytes, format: format, session: session)
        } else {
            session.console.text(clientText(session) + "\nServer:\n")
            if let bytes {
                let info = try EngineJSON.decode(SystemInfo.self, from: bytes)
                session.console.text(InfoText.server(info) + "\n")
                for warning in info.warnings { session.console.printError(warning) }
            }
        }
        if let failure { throw failure }
    }

    private func clientText(_ session: Session) -> String {
        """
        Client:
         Version:    \(Gantry.version)
         Context:    \(session.settings.contextName)
         Debug Mode: \(session.settings.debug)

        """
    }

    private func showFormatted(_ bytes: [UInt8]?, format: String, session: Session) throws {
        let client = Value.object(
            Value.Members([
                ("Debug", .bool(session.settings.debug)), ("Version", .string(Gantry.version)),
                ("DefaultAPIVersion", .string(EngineClient.newestVersion)), ("GitCommit", .string(Gantry.build)),
                ("Os", .string("linux")),
                ("Arch", .string(ClientVersion.architecture)), ("Context", .string(session.settings.contextName)),
                ("Plugins", .array([])),
                ("Warnings", .null),
            ]))
        var members = Value.Members()
        if let bytes, case .object(let server) = try Value(json: bytes) { members = server }
        members["ClientInfo"] = client
        guard format != "json" else { return session.console.print(Value.object(members).json) }
        try session.showObject(
            .record(Value.Record(typeName: "system.dockerInfo", fields: members.values, labels: nil)), format: format)
    }
}

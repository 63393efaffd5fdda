/// `gantry context ls`
struct ContextListCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List contexts", aliases: ["list"])
    static let usageLine = "[OPTIONS]"
    static let operandCount = OperandCount.none

    @Option(help: "Format output: 'table', 'table TEMPLATE', 'json' or a Go template") var format: String?
    @Flag(name: .shortAndLong, help: "Only show context names") var quiet = false
    var operands: [String] = []

    struct Row: Sendable {
        var name: String
        var description: String
        var host: String
        var isCurrent: Bool
    }

    func run(in session: Session) async throws {
        let current = session.settings.contextName
        let stored = StoredContext.all(directory: session.settings.configDirectory)
        let host = current == "default" ? session.settings.host : ClientSettings.defaultHost
        var rows = [
            Row(
                name: "default", description: "Current DOCKER_HOST based configuration", host: host, isCurrent: current == "default"
            )
        ]
        rows += stored.map { Row(name: $0.name, description: $0.description, host: $0.host, isCurrent: $0.name == current) }
        rows.sort { $0.name < $1.name }
        if quiet {
            for row in rows { session.console.print(row.name) }
        } else {
            session.console.text(try Self.view(json: format == "json").render(rows, format: format))
        }
    }

    /// Source: docker CLI, placeholders of `context ls --format`; the table marks the current one with a star.
    static func view(json: Bool) -> ListView<Row> {
        ListView(
            typeName: "*formatter.clientContextContext",
            fields: [
                .init("Name", "NAME") { $0.isCurrent && !json ? "\($0.name) *" : $0.name },
                .init("Description", "DESCRIPTION") { $0.description },
                .init("DockerEndpoint", "DOCKER ENDPOINT") { $0.host },
                .init("Error", "ERROR") { _ in "" },
                .init("Current", "CURRENT", value: { .bool($0.isCurrent) }),
            ],
            columns: ["Name", "Description", "DockerEndpoint", "Error"])
    }
}

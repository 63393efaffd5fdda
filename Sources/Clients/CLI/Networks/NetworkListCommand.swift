import DockerAPI
import EngineClient
import Essentials

/// `gantry network ls`
struct NetworkListCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List networks", aliases: ["list"])
    static let usageLine = "[OPTIONS]"
    static let operandCount = OperandCount.none

    @Option(name: .shortAndLong, help: "Provide filter values (e.g. \"driver=bridge\")") var filter: [String] = []
    @Option(help: "Format output: 'table', 'table TEMPLATE', 'json' or a Go template") var format: String?
    @Flag(help: "Do not truncate the output") var noTrunc = false
    @Flag(name: .shortAndLong, help: "Only display network IDs") var quiet = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        let format = try session.listFormat(format, quiet: quiet, key: "networksFormat")
        let networks = try await session.client.networks(filters: try FlagValue.filters(filter)).sorted { $0.name < $1.name }
        if quiet {
            for network in networks { session.console.print(noTrunc ? network.id : Identifier.short(network.id)) }
        } else {
            session.console.text(try Self.view(full: noTrunc).render(networks, format: format))
        }
    }

    /// Source: docker CLI, placeholders of `network ls --format`.
    static func view(full: Bool) -> ListView<NetworkInspect> {
        ListView(
            typeName: "*network.networkContext",
            fields: [
                .init("ID", "NETWORK ID") { full ? $0.id : Identifier.short($0.id) },
                .init("Name", "NAME") { $0.name },
                .init("Driver", "DRIVER") { $0.driver },
                .init("Scope", "SCOPE") { $0.scope },
                .init("IPv4", "IPV4") { String($0.enableIPv4) },
                .init("IPv6", "IPV6") { String($0.enableIPv6) },
                .init("Internal", "INTERNAL") { String($0.isInternal) },
                .init("Labels", "LABELS") { LabelText.of($0.labels) },
                .init("CreatedAt", "CREATED AT") { network in
                    Timestamp(rfc3339: network.created).map(LabelText.stamp) ?? network.created
                },
            ],
            columns: ["ID", "Name", "Driver", "Scope"], labels: { $0.labels })
    }
}

import DockerAPI
import EngineClient

/// `gantry network prune`
struct NetworkPruneCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "prune", abstract: "Remove all unused networks")
    static let usageLine = "[OPTIONS]"
    static let operandCount = OperandCount.none

    @Option(help: "Provide filter values (e.g. \"until=<timestamp>\")") var filter: [String] = []
    @Flag(name: .shortAndLong, help: "Do not prompt for confirmation") var force = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        let filters = try PruneFilters.resolve(filter, config: try session.config())
        guard session.confirmsPrune("This will remove all custom networks not used by at least one container.", force: force)
        else { return }
        let report = try await session.client.pruneNetworks(filters)
        session.console.text(PruneText.list("Deleted Networks", report.networksDeleted))
    }
}

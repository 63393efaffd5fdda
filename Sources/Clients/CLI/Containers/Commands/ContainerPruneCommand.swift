import DockerAPI
import EngineClient

/// `gantry container prune`
struct ContainerPruneCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "prune", abstract: "Remove all stopped containers")
    static let usageLine = "[OPTIONS]"
    static let operandCount = OperandCount.none

    @Option(help: "Provide filter values (e.g. \"until=<timestamp>\")") var filter: [String] = []
    @Flag(name: .shortAndLong, help: "Do not prompt for confirmation") var force = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        let filters = try PruneFilters.resolve(filter, config: try session.config())
        guard session.confirmsPrune("This will remove all stopped containers.", force: force) else { return }
        let report = try await session.client.pruneContainers(filters: filters)
        session.console.text(
            PruneText.list("Deleted Containers", report.containersDeleted) + PruneText.total(report.spaceReclaimed))
    }
}

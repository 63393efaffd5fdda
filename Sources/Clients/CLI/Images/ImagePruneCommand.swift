import DockerAPI
import EngineClient

/// `gantry image prune`
struct ImagePruneCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "prune", abstract: "Remove unused images")
    static let usageLine = "[OPTIONS]"
    static let operandCount = OperandCount.none

    @Flag(name: .shortAndLong, help: "Remove all unused images, not just dangling ones") var all = false
    @Option(help: "Provide filter values (e.g. \"until=<timestamp>\")") var filter: [String] = []
    @Flag(name: .shortAndLong, help: "Do not prompt for confirmation") var force = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        var filters = try PruneFilters.resolve(filter, config: try session.config())
        filters.add("dangling", all ? "false" : "true")
        let warning =
            all
            ? "This will remove all images without at least one container associated to them."
            : "This will remove all dangling images."
        guard session.confirmsPrune(warning, force: force) else { return }
        let report = try await session.client.pruneImages(filters)
        session.console.text(PruneText.images(report) + PruneText.total(report.spaceReclaimed))
    }
}

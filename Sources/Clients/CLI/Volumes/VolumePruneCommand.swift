import DockerAPI
import EngineClient
import Essentials

/// `gantry volume prune`
struct VolumePruneCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "prune", abstract: "Remove unused local volumes")
    static let usageLine = "[OPTIONS]"
    static let operandCount = OperandCount.none

    @Flag(name: .shortAndLong, help: "Remove all unused volumes, not just anonymous ones") var all = false
    @Option(help: "Provide filter values (e.g. \"label=<label>\")") var filter: [String] = []
    @Flag(name: .shortAndLong, help: "Do not prompt for confirmation") var force = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        var filters = try PruneFilters.resolve(filter, config: try session.config())
        if all {
            guard filters.values["all"] == nil else {
                throw GantryError.invalid("conflicting options: cannot specify both --all and --filter all=1")
            }
            filters.add("all", "true")
        }
        let warning =
            all
            ? "This will remove all local volumes not used by at least one container."
            : "This will remove anonymous local volumes not used by at least one container."
        guard session.confirmsPrune(warning, force: force) else { return }
        let report = try await session.client.pruneVolumes(filters)
        session.console.text(PruneText.list("Deleted Volumes", report.volumesDeleted) + PruneText.total(report.spaceReclaimed))
    }
}

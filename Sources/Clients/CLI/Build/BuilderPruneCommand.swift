import DockerAPI
import EngineClient
import Essentials

/// `gantry builder prune`
struct BuilderPruneCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "prune", abstract: "Remove build cache")
    static let usageLine = "[OPTIONS]"
    static let operandCount = OperandCount.none

    @Flag(name: .shortAndLong, help: "Remove all unused build cache, not just dangling ones") var all = false
    @Option(help: "Provide filter values (e.g. \"until=24h\")") var filter: [String] = []
    @Flag(name: .shortAndLong, help: "Do not prompt for confirmation") var force = false
    @Option(help: "Amount of disk space to keep for cache") var keepStorage: String?
    var operands: [String] = []

    func run(in session: Session) async throws {
        let filters = try PruneFilters.resolve(filter, config: try session.config())
        let keep = try keepStorage.map { try FlagValue.bytes($0, flag: "--keep-storage") } ?? 0
        let warning = all ? "This will remove all build cache." : "This will remove all dangling build cache."
        guard session.confirmsPrune(warning, force: force) else { return }
        let report = try await session.client.pruneBuildCache(all: all, keepBytes: keep, filters: filters)
        session.console.text(
            PruneText.list("Deleted build cache objects", report.cachesDeleted) + PruneText.total(report.spaceReclaimed))
    }
}

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
    @Option(help: .hidden) var keepStorage: String?
    @Option(help: "Maximum amount of disk space allowed to keep for cache") var maxUsedSpace: String?
    @Option(help: "Target amount of free disk space after pruning") var minFreeSpace: String?
    @Option(help: "Amount of disk space always allowed to keep for cache") var reservedSpace: String?
    var operands: [String] = []

    func run(in session: Session) async throws {
        let filters = try PruneFilters.resolve(filter, config: try session.config())
        var budget = BuildCacheSpace()
        if keepStorage != nil, reservedSpace != nil {
            throw GantryError.invalid("`--keep-storage` is the old name of `--reserved-space`: give one of them")
        }
        budget.reserved = try bytes(reservedSpace, "--reserved-space") ?? bytes(keepStorage, "--keep-storage") ?? 0
        budget.maximum = try bytes(maxUsedSpace, "--max-used-space") ?? 0
        budget.minimumFree = try bytes(minFreeSpace, "--min-free-space") ?? 0
        let warning = all ? "This will remove all build cache." : "This will remove all dangling build cache."
        guard session.confirmsPrune(warning, force: force) else { return }
        let report = try await session.client.pruneBuildCache(all: all, space: budget, filters: filters)
        session.console.text(
            PruneText.list("Deleted build cache objects", report.cachesDeleted) + PruneText.total(report.spaceReclaimed))
    }

    private func bytes(_ text: String?, _ flag: String) throws -> Int64? { try text.map { try FlagValue.bytes($0, flag: flag) } }
}

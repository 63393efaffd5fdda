import DockerAPI
import EngineClient
import Essentials

/// `gantry system prune`
struct SystemPruneCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "prune", abstract: "Remove unused data")
    static let usageLine = "[OPTIONS]"
    static let operandCount = OperandCount.none

    @Flag(name: .shortAndLong, help: "Remove all unused images not just dangling ones") var all = false
    @Option(help: "Provide filter values (e.g. \"label=<key>=<value>\")") var filter: [String] = []
    @Flag(name: .shortAndLong, help: "Do not prompt for confirmation") var force = false
    @Flag(help: "Prune anonymous volumes") var volumes = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        let filters = try PruneFilters.resolve(filter, config: try session.config())
        if volumes, filters.values["until"] != nil {
            throw GantryError.invalid("ERROR: The \"until\" filter is not supported with \"--volumes\"")
        }
        guard force || session.console.confirm(warning(filters)) else { return }
        var reclaimed: Int64 = 0
        let containers = try await prune(ContainersPruneReport.self, "/containers/prune", filters, session)
        reclaimed += containers.spaceReclaimed
        session.console.text(PruneText.list("Deleted Containers", containers.containersDeleted))
        let networks = try await session.client.pruneNetworks(filters)
        session.console.text(PruneText.list("Deleted Networks", networks.networksDeleted))
        if volumes {
            let report = try await session.client.pruneVolumes(filters)
            reclaimed += report.spaceReclaimed
            session.console.text(PruneText.list("Deleted Volumes", report.volumesDeleted))
        }
        var imageFilters = filters
        imageFilters.add("dangling", all ? "false" : "true")
        let images = try await session.client.pruneImages(imageFilters)
        reclaimed += images.spaceReclaimed
        session.console.text(PruneText.images(images))
        // The cache knows no labels.
        if filters.values["label"] == nil, filters.values["label!"] == nil {
            let cache = try await session.client.pruneBuildCache(all: all, filters: filters)
            reclaimed += cache.spaceReclaimed
            session.console.text(PruneText.list("Deleted build cache objects", cache.cachesDeleted))
        }
        session.console.text(PruneText.total(reclaimed))
    }

    private func prune<Report: Decodable>(
        _ type: Report.Type, _ path: String, _ filters: Filters, _ session: Session
    ) async throws -> Report {
        var request = EngineRequest(.post, path)
        try request.set(filters)
        return try await session.client.json(type, request)
    }

    /// The question with the list of what would go.
    func warning(_ filters: Filters) -> String {
        var lines = ["all stopped containers", "all networks not used by at least one container"]
        if volumes { lines.append("all anonymous volumes not used by at least one container") }
        lines.append(all ? "all images without at least one container associated to them" : "all dangling images")
        lines.append(all ? "all build cache" : "unused build cache")
        var text = "WARNING! This will remove:\n" + lines.map { "  - \($0)\n" }.joined()
        if !filters.isEmpty {
            let items = filters.values.sorted { $0.key < $1.key }.flatMap { key, values in values.map { "\(key)=\($0)" } }
            text += "\n  Items to be pruned will be filtered with:\n" + items.map { "  - \($0)\n" }.joined()
        }
        return text + "\nAre you sure you want to continue?"
    }
}

import DockerAPI
import EngineClient
import Essentials

/// `gantry system df`
struct DiskUsageCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "df", abstract: "Show disk usage")
    static let usageLine = "[OPTIONS]"
    static let operandCount = OperandCount.none

    @Option(help: "Format output: 'table', 'table TEMPLATE', 'json' or a Go template") var format: String?
    @Flag(name: .shortAndLong, help: "Show detailed information on space usage") var verbose = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        let usage = try await session.client.diskUsage()
        if verbose {
            let details = DiskUsageDetails(usage)
            if let format, !format.isEmpty, format != "table" {
                try session.showObject(try details.value(), format: format)
            } else {
                session.console.text(try details.text())
            }
        } else {
            session.console.text(try Self.view.render(DiskUsageSummary(usage).rows, format: format))
        }
    }

    static var view: ListView<DiskUsageSummary.Row> {
        ListView(
            typeName: "*formatter.diskUsageContext",
            fields: [
                .init("Type", "TYPE") { $0.type },
                .init("TotalCount", "TOTAL") { String($0.total) },
                .init("Active", "ACTIVE") { String($0.active) },
                .init("Size", "SIZE") { $0.sizeText },
                .init("Reclaimable", "RECLAIMABLE") { $0.reclaimableText },
            ],
            columns: ["Type", "TotalCount", "Active", "Size", "Reclaimable"])
    }
}

import DockerAPI
import EngineClient
import Essentials

/// `gantry volume ls`
struct VolumeListCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List volumes", aliases: ["list"])
    static let usageLine = "[OPTIONS]"
    static let operandCount = OperandCount.none

    @Option(name: .shortAndLong, help: "Provide filter values (e.g. \"dangling=true\")") var filter: [String] = []
    @Option(help: "Format output: 'table', 'table TEMPLATE', 'json' or a Go template") var format: String?
    @Flag(name: .shortAndLong, help: "Only display volume names") var quiet = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        let format = try session.listFormat(format, quiet: quiet, key: "volumesFormat")
        let answer = try await session.client.volumes(filters: try FlagValue.filters(filter))
        for warning in answer.warnings { session.console.printError("WARNING: \(warning)") }
        let volumes = answer.volumes.sorted { $0.name < $1.name }
        if quiet {
            for volume in volumes { session.console.print(volume.name) }
        } else {
            session.console.text(try Self.view.render(volumes, format: format))
        }
    }

    /// Source: docker CLI, placeholders of `volume ls --format`; those of cluster volumes have no value here.
    static var view: ListView<Volume> {
        ListView(
            typeName: "*formatter.volumeContext",
            fields: [
                .init("Driver", "DRIVER") { $0.driver },
                .init("Name", "VOLUME NAME") { $0.name },
                .init("Scope", "SCOPE") { $0.scope },
                .init("Mountpoint", "MOUNTPOINT") { $0.mountpoint },
                .init("Labels", "LABELS") { LabelText.of($0.labels ?? [:]) },
                .init("Links", "LINKS") { volume in volume.usageData.map { String($0.refCount) } ?? "N/A" },
                .init("Size", "SIZE") { volume in volume.usageData.map { ByteSize.decimal(max(0, $0.size)) } ?? "N/A" },
                .init("Availability", "AVAILABILITY") { _ in "N/A" },
                .init("Group", "GROUP") { _ in "N/A" },
                .init("Status", "STATUS") { _ in "N/A" },
            ],
            columns: ["Driver", "Name"], labels: { $0.labels ?? [:] })
    }
}

import DockerAPI
import EngineClient
import Essentials

/// `gantry builds ls`
struct BuildsListCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List past builds", aliases: ["list"])
    static let usageLine = "[OPTIONS]"
    static let operandCount = OperandCount.none

    @Option(help: "Format output: 'table', 'table TEMPLATE', 'json' or a Go template") var format: String?
    @Flag(name: .shortAndLong, help: "Only display build IDs") var quiet = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        let builds = try await session.client.builds()
        if quiet {
            for build in builds { session.console.print(build.id) }
        } else {
            session.console.text(try Self.view.render(builds, format: format))
        }
    }

    static var view: ListView<BuildRecordBody> {
        ListView(
            typeName: "*formatter.buildContext",
            fields: [
                .init("ID", "BUILD ID") { String($0.id.prefix(12)) },
                .init("Name", "NAME") { $0.name.isEmpty ? "<none>" : $0.name },
                .init("Status", "STATUS") { $0.status },
                .init("CreatedSince", "CREATED") { build in
                    Timestamp(rfc3339: build.startedAt).map { HumanTime.ago($0) } ?? build.startedAt
                },
                .init("CreatedAt", "CREATED AT") { $0.startedAt },
                .init("Duration", "DURATION") { build in
                    build.durationMs.map { BuildProgress.seconds(Double($0) / 1000) + "s" } ?? ""
                },
                .init("Cached", "CACHED") { build in "\(build.steps.filter { $0.state == "cached" }.count)/\(build.steps.count)" },
                .init("Image", "IMAGE") { $0.image ?? "" },
            ],
            columns: ["ID", "Name", "Status", "CreatedSince", "Duration", "Cached"])
    }
}

import DockerAPI
import EngineClient
import Essentials
import OCI

/// `gantry search`
struct SearchCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "search", abstract: "Search Docker Hub for images")
    static let usageLine = "[OPTIONS] TERM"
    static let operandCount = OperandCount.exactly(1)

    @Option(name: .shortAndLong, help: "Filter output based on conditions provided") var filter: [String] = []
    @Option(help: "Pretty-print search using a Go template") var format: String?
    @Option(help: "Max number of search results") var limit: String?
    @Flag(help: "Don't truncate output") var noTrunc = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        let limit = try limit.map { try FlagValue.integer($0, flag: "--limit", as: Int.self) } ?? 0
        let login = try session.logins().login(for: Logins.hub)
        let items = try await session.client.searchImages(
            operands[0], limit: limit, filters: try FlagValue.filters(filter), login: login.username.isEmpty ? nil : login)
        let rows = items.sorted { $0.starCount > $1.starCount }
        session.console.text(try Self.view(full: noTrunc).render(rows, format: format))
    }

    static func view(full: Bool) -> ListView<ImageSearchItem> {
        ListView(
            typeName: "*registry.searchContext",
            fields: [
                .init("Name", "NAME") { $0.name },
                .init("Description", "DESCRIPTION") { item in
                    let text = item.description.replacing("\n", with: " ").replacing("\r", with: " ")
                    return full ? text : Shortening.ellipsis(text, 45)
                },
                .init("StarCount", "STARS") { String($0.starCount) },
                .init("IsOfficial", "OFFICIAL") { $0.isOfficial ? "[OK]" : "" },
            ],
            columns: ["Name", "Description", "StarCount", "IsOfficial"])
    }
}

import DockerAPI
import EngineClient
import Essentials

/// `gantry history`
struct HistoryCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "history", abstract: "Show the history of an image")
    static let usageLine = "[OPTIONS] IMAGE"
    static let operandCount = OperandCount.exactly(1)

    @Option(help: "Format output: 'table', 'table TEMPLATE', 'json' or a Go template") var format: String?
    @Flag(name: [.customShort("H"), .long], inversion: .prefixedNo, help: "Print sizes and dates in human readable format")
    var human = true
    @Flag(help: "Don't truncate output") var noTrunc = false
    @Option(help: "Show history for the given platform") var platform: String?
    @Flag(name: .shortAndLong, help: "Only show image IDs") var quiet = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        let items = try await session.client.imageHistory(operands[0], platform: platform)
        if quiet {
            for item in items { session.console.print(Self.id(item, full: noTrunc)) }
        } else {
            session.console.text(try Self.view(human: human, full: noTrunc).render(items, format: format))
        }
    }

    /// Source: docker CLI, placeholders of `history --format`.
    static func view(human: Bool, full: Bool) -> ListView<HistoryItem> {
        ListView(
            typeName: "*formatter.historyContext",
            fields: [
                .init("ID", "IMAGE") { id($0, full: full) },
                .init("CreatedSince", human ? "CREATED" : "CREATED AT") { item in
                    human ? HumanTime.ago(Timestamp(seconds: item.created)) : created(item)
                },
                .init("CreatedAt", "CREATED AT") { created($0) },
                .init("CreatedBy", "CREATED BY") { item in
                    let text = item.createdBy.replacing("\t", with: " ")
                    return full ? text : Shortening.ellipsis(text, 45)
                },
                .init("Size", "SIZE") { human ? ByteSize.decimal($0.size, digits: 3) : String($0.size) },
                .init("Comment", "COMMENT") { $0.comment },
            ],
            columns: ["ID", "CreatedSince", "CreatedBy", "Size", "Comment"])
    }

    private static func id(_ item: HistoryItem, full: Bool) -> String {
        full || item.id == "<missing>" ? item.id : Identifier.short(item.id)
    }

    /// `2026-11-23T17:41:15Z` in local time.
    private static func created(_ item: HistoryItem) -> String {
        guard item.created > 0 else { return "" }
        let time = Timestamp(seconds: item.created)
        let zone = LocalZone.at(time)
        let local = Timestamp(seconds: item.created + Int64(zone.offsetSeconds))
        return String(local.rfc3339.dropLast()) + zone.rfc3339Text
    }
}

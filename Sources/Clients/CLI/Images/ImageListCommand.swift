import DockerAPI
import EngineClient
import Essentials

/// `gantry image ls`, `gantry images`
struct ImageListCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List images", aliases: ["list"])
    static let usageLine = "[OPTIONS] [REPOSITORY[:TAG]]"
    static let operandCount = OperandCount.atMost(1)

    @Flag(name: .shortAndLong, help: "Show all images (default hides intermediate images)") var all = false
    @Flag(help: "Show digests") var digests = false
    @Option(name: .shortAndLong, help: "Filter output based on conditions provided") var filter: [String] = []
    @Option(help: "Format output: 'table', 'table TEMPLATE', 'json' or a Go template") var format: String?
    @Flag(help: "Don't truncate output") var noTrunc = false
    @Flag(name: .shortAndLong, help: "Only show image IDs") var quiet = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        var filters = try FlagValue.filters(filter)
        if let name = operands.first { filters.add("reference", name) }
        let format = try session.listFormat(format, quiet: quiet, key: "imagesFormat")
        let images = try await session.client.images(all: all, digests: digests, filters: filters)
        let namesDigest = try format.map { try ListView<ImageRow>.fieldNames(of: $0)?.contains("Digest") ?? true } ?? false
        let rows = ImageRow.rows(images, digests: digests || namesDigest && format != "json")
        if quiet {
            for row in rows { session.console.print(noTrunc ? row.image.id : Identifier.short(row.image.id)) }
        } else {
            session.console.text(try ImageRow.view(fullIDs: noTrunc, digests: digests).render(rows, format: format))
        }
    }
}

/// `gantry images`
struct ImageListShortcut: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "images", abstract: ImageListCommand.configuration.abstract)
    static let usageLine = ImageListCommand.usageLine
    static let operandCount = ImageListCommand.operandCount

    @OptionGroup var command: ImageListCommand

    var operands: [String] {
        get { command.operands }
        set { command.operands = newValue }
    }

    func run(in session: Session) async throws { try await command.run(in: session) }
}

import DockerAPI
import EngineClient
import Essentials

/// `gantry container ls`
struct ContainerListCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List containers", aliases: ["list", "ps"])
    static let usageLine = "[OPTIONS]"
    static let operandCount = OperandCount.none

    @Flag(name: .shortAndLong, help: "Show all containers (default shows just running)") var all = false
    @Option(name: .shortAndLong, help: "Filter output based on conditions provided") var filter: [String] = []
    @Option(help: "Format output using a custom template: 'table', 'table TEMPLATE', 'json' or a Go template") var format: String?
    @Option(name: [.customShort("n"), .long], help: "Show n last created containers (includes all states)") var last: String?
    @Flag(name: .shortAndLong, help: "Show the latest created container (includes all states)") var latest = false
    @Flag(help: "Don't truncate output") var noTrunc = false
    @Flag(name: .shortAndLong, help: "Only display container IDs") var quiet = false
    @Flag(name: .shortAndLong, help: "Display total file sizes") var size = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        let format = try session.listFormat(format, quiet: quiet, key: "psFormat")
        let last = try last.map { try FlagValue.integer($0, flag: "-n, --last", as: Int.self) } ?? -1
        let limit = latest && last <= 0 ? 1 : last
        let containers = try await session.client.containers(
            all: all, limit: limit, size: try size || Self.needsSize(format), filters: FlagValue.filters(filter))
        if quiet {
            return session.console.text(containers.map { (noTrunc ? $0.id : Identifier.short($0.id)) + "\n" }.joined())
        }
        let view = ContainerList.view(truncates: !noTrunc, showsSize: size)
        session.console.text(try view.render(containers, format: format))
    }

    /// A template that shows the size makes the daemon count it.
    private static func needsSize(_ format: String?) throws -> Bool {
        guard var format, !format.isEmpty, !["table", "json", "raw"].contains(format) else { return false }
        if format.hasPrefix("table ") { format = String(format.dropFirst(6)) }
        return try ListView<ContainerSummary>.fieldNames(of: format)?.contains("Size") ?? true
    }
}

/// `gantry ps`
struct ContainerListShortcut: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "ps", abstract: ContainerListCommand.configuration.abstract)
    static let usageLine = ContainerListCommand.usageLine
    static let operandCount = ContainerListCommand.operandCount

    @OptionGroup var command: ContainerListCommand

    var operands: [String] {
        get { command.operands }
        set { command.operands = newValue }
    }

    func run(in session: Session) async throws { try await command.run(in: session) }
}

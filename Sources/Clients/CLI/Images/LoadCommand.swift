import DockerAPI
import EngineClient
import Essentials

/// `gantry load`
struct LoadCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "load", abstract: "Load an image from a tar archive or STDIN")
    static let usageLine = "[OPTIONS]"
    static let operandCount = OperandCount.none

    @Option(name: .shortAndLong, help: "Read from tar archive file, instead of STDIN") var input: String?
    @Flag(name: .shortAndLong, help: "Suppress the load output") var quiet = false
    @Option(help: "Load only the given platform variant (formatted as \"os[/arch[/variant]]\")")
    var platform: [String] = []
    var operands: [String] = []

    func run(in session: Session) async throws {
        if input == nil, session.console.inputIsTerminal {
            throw GantryError.invalid("requested load from stdin, but stdin is empty")
        }
        let archive = try input.map(InputStream.file) ?? InputStream.standard()
        defer { archive.close() }
        let messages = try await session.client.load(
            archive.body, platforms: platform, quiet: quiet || !session.console.outputIsTerminal)
        var display = TransferDisplay(console: session.console, output: .standard, environment: session.environment)
        try await display.show(messages)
    }
}

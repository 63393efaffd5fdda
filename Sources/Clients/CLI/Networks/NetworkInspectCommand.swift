import DockerAPI
import EngineClient

/// `gantry network inspect`
struct NetworkInspectCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Display detailed information on one or more networks")
    static let usageLine = "[OPTIONS] NETWORK [NETWORK...]"
    static let operandCount = OperandCount.atLeast(1)

    @Option(name: .shortAndLong, help: "Format output: 'json' or a Go template") var format: String?
    @Flag(name: .shortAndLong, help: "Verbose output for diagnostics") var verbose = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        try await InspectOutput(format: format).show(operands, console: session.console) { name in
            try await session.client.networkInspectBytes(name, verbose: verbose)
        }
    }
}

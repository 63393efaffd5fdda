import DockerAPI
import EngineClient

/// `gantry image inspect`
struct ImageInspectCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Display detailed information on one or more images")
    static let usageLine = "[OPTIONS] IMAGE [IMAGE...]"
    static let operandCount = OperandCount.atLeast(1)

    @Option(name: .shortAndLong, help: "Format output: 'json' or a Go template") var format: String?
    @Option(help: "Inspect a specific platform of the multi-platform image") var platform: String?
    var operands: [String] = []

    func run(in session: Session) async throws {
        try await InspectOutput(format: format).show(operands, console: session.console) { name in
            try await session.client.imageInspectBytes(name, platform: platform)
        }
    }
}

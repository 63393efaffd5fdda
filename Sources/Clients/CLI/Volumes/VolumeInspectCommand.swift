import DockerAPI
import EngineClient

/// `gantry volume inspect`
struct VolumeInspectCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Display detailed information on one or more volumes")
    static let usageLine = "[OPTIONS] VOLUME [VOLUME...]"
    static let operandCount = OperandCount.atLeast(1)

    @Option(name: .shortAndLong, help: "Format output: 'json' or a Go template") var format: String?
    var operands: [String] = []

    func run(in session: Session) async throws {
        try await InspectOutput(format: format).show(operands, console: session.console) { name in
            try await session.client.volumeInspectBytes(name)
        }
    }
}

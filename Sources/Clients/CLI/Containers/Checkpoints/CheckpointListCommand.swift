import DockerAPI
import EngineClient
import Essentials

/// `gantry checkpoint ls`
struct CheckpointListCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "ls", abstract: "List checkpoints for a container", aliases: ["list"])
    static let usageLine = "[OPTIONS] CONTAINER"
    static let operandCount = OperandCount.exactly(1)

    @Option(help: "Use a custom checkpoint storage directory") var checkpointDir: String?
    var operands: [String] = []

    func run(in session: Session) async throws {
        var table = Table()
        table.add(["CHECKPOINT NAME"])
        for checkpoint in try await session.client.checkpoints(of: operands[0], directory: checkpointDir) {
            table.add([checkpoint.name])
        }
        session.console.text(table.text)
    }
}

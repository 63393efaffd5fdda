import EngineClient
import Essentials

/// `gantry checkpoint rm`
struct CheckpointRemoveCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "rm", abstract: "Remove a checkpoint", aliases: ["remove"])
    static let usageLine = "[OPTIONS] CONTAINER CHECKPOINT"
    static let operandCount = OperandCount.exactly(2)

    @Option(help: "Use a custom checkpoint storage directory") var checkpointDir: String?
    var operands: [String] = []

    func run(in session: Session) async throws {
        try await session.client.removeCheckpoint(operands[1], of: operands[0], directory: checkpointDir)
    }
}

import DockerAPI
import EngineClient
import Essentials

/// `gantry checkpoint create`
struct CheckpointCreateCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Create a checkpoint from a running container")
    static let usageLine = "[OPTIONS] CONTAINER CHECKPOINT"
    static let operandCount = OperandCount.exactly(2)

    @Option(help: "Use a custom checkpoint storage directory") var checkpointDir: String?
    @Flag(help: "Leave the container running after checkpoint") var leaveRunning = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        var body = CheckpointCreateBody()
        body.checkpointID = operands[1]
        body.checkpointDirectory = checkpointDir ?? ""
        body.exit = !leaveRunning
        try await session.client.createCheckpoint(of: operands[0], body)
        session.console.print(operands[1])
    }
}

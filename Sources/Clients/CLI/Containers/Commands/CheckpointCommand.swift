import Essentials

/// `gantry checkpoint …`: refused in a sentence, as the daemon refuses it.
struct CheckpointCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint", abstract: "Manage checkpoints (not offered)", shouldDisplay: false)
    static let usageLine = "COMMAND"
    static let operandCount = OperandCount.atLeast(1)
    static let stopsAtOperand = true

    var operands: [String] = []

    func run(in session: Session) async throws {
        throw GantryError.unsupported(
            "`\(session.commandName) \(operands[0])` is not offered: Gantry does not drive `criu`, which writes and reads the state of processes"
        )
    }
}

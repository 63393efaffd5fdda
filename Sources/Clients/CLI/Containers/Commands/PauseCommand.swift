import EngineClient

/// `gantry pause`
struct PauseCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Pause all processes within one or more containers")
    static let usageLine = "CONTAINER [CONTAINER...]"
    static let operandCount = OperandCount.atLeast(1)

    var operands: [String] = []

    func run(in session: Session) async throws {
        try await session.inParallel(operands) { try await session.client.pauseContainer($0) }
    }
}

/// `gantry unpause`
struct UnpauseCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpause", abstract: "Unpause all processes within one or more containers")
    static let usageLine = "CONTAINER [CONTAINER...]"
    static let operandCount = OperandCount.atLeast(1)

    var operands: [String] = []

    func run(in session: Session) async throws {
        try await session.inParallel(operands) { try await session.client.unpauseContainer($0) }
    }
}

import EngineClient

/// `gantry kill`
struct KillCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "kill", abstract: "Kill one or more running containers")
    static let usageLine = "[OPTIONS] CONTAINER [CONTAINER...]"
    static let operandCount = OperandCount.atLeast(1)

    @Option(name: .shortAndLong, help: "Signal to send to the container") var signal: String?
    var operands: [String] = []

    func run(in session: Session) async throws {
        try await session.inParallel(operands) { [signal] name in try await session.client.killContainer(name, signal: signal) }
    }
}

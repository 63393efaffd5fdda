import EngineClient
import Essentials

/// `gantry wait`
struct WaitCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Block until one or more containers stop, then print their exit codes")
    static let usageLine = "CONTAINER [CONTAINER...]"
    static let operandCount = OperandCount.atLeast(1)

    var operands: [String] = []

    func run(in session: Session) async throws {
        try await session.forEach(operands) { name in
            let exit = try await ExitWatch.begin(name, condition: "not-running", client: session.client)
            session.console.print(String(try await exit.status()))
        }
    }
}

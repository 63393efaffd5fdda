import DockerAPI
import EngineClient
import Essentials

/// `gantry network rm`
struct NetworkRemoveCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "rm", abstract: "Remove one or more networks", aliases: ["remove"])
    static let usageLine = "NETWORK [NETWORK...]"
    static let operandCount = OperandCount.atLeast(1)

    @Flag(name: .shortAndLong, help: "Do not error if the network does not exist") var force = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        var failed = false
        for name in operands {
            do {
                try await session.client.removeNetwork(name)
                session.console.print(name)
            } catch let error as GantryError {
                if force, error.kind == .notFound { continue }
                session.console.printError(ErrorText.of(error))
                failed = true
            }
        }
        // Docker's own last line.
        if failed { throw ExitStatus(1, "exit status 1") }
    }
}

import EngineClient
import Essentials

/// `gantry create`
struct CreateCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Create a new container")
    static let usageLine = "[OPTIONS] IMAGE [COMMAND] [ARG...]"
    static let operandCount = OperandCount.atLeast(1)
    static let stopsAtOperand = true
    static let failsAsRun = true

    @OptionGroup var flags: ContainerFlags
    var operands: [String] = []

    func run(in session: Session) async throws {
        let specification = try ContainerSpecification(flags, words: operands, environment: session.environment)
        do {
            session.console.print(try await ContainerCreation(specification: specification, session: session).perform())
        } catch let error as GantryError {
            throw ExitStatus(1, ErrorText.of(error))
        }
    }
}

import EngineClient
import Essentials

/// `gantry rename`
struct RenameCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "rename", abstract: "Rename a container")
    static let usageLine = "CONTAINER NEW_NAME"
    static let operandCount = OperandCount.exactly(2)

    var operands: [String] = []

    func run(in session: Session) async throws {
        let names = operands.map(\.trimmed)
        guard !names.contains("") else { throw GantryError.invalid("Error: Neither old nor new names may be empty") }
        do { try await session.client.renameContainer(names[0], to: names[1]) } catch let error as GantryError {
            session.console.printError(ErrorText.of(error))
            throw ExitStatus(1, "Error: failed to rename container named \(names[0])")
        }
    }
}

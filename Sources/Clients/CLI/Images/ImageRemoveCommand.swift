import DockerAPI
import EngineClient
import Essentials

/// `gantry rmi`, `gantry image rm`
struct ImageRemoveCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "rm", abstract: "Remove one or more images", aliases: ["remove"])
    static let usageLine = "[OPTIONS] IMAGE [IMAGE...]"
    static let operandCount = OperandCount.atLeast(1)

    @Flag(name: .shortAndLong, help: "Force removal of the image") var force = false
    @Flag(help: "Do not delete untagged parents") var noPrune = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        var failed = false
        for name in operands {
            do {
                for item in try await session.client.removeImage(name, force: force, noPrune: noPrune) {
                    if let tag = item.untagged { session.console.print("Untagged: \(tag)") }
                    if let id = item.deleted { session.console.print("Deleted: \(id)") }
                }
            } catch let error as GantryError {
                session.console.printError(ErrorText.of(error))
                // With -f an image that is not there is only mentioned.
                if !(force && error.kind == .notFound) { failed = true }
            }
        }
        if failed { throw ExitStatus(1) }
    }
}

/// `gantry rmi`
struct ImageRemoveShortcut: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "rmi", abstract: ImageRemoveCommand.configuration.abstract)
    static let usageLine = ImageRemoveCommand.usageLine
    static let operandCount = ImageRemoveCommand.operandCount

    @OptionGroup var command: ImageRemoveCommand

    var operands: [String] {
        get { command.operands }
        set { command.operands = newValue }
    }

    func run(in session: Session) async throws { try await command.run(in: session) }
}

import EngineClient
import Essentials

/// `gantry export`
struct ExportCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Export a container's filesystem as a tar archive")
    static let usageLine = "[OPTIONS] CONTAINER"
    static let operandCount = OperandCount.exactly(1)

    @Option(name: .shortAndLong, help: "Write to a file, instead of STDOUT") var output = ""
    var operands: [String] = []

    func run(in session: Session) async throws {
        guard output.isEmpty else {
            let file: OutputFile
            do { file = try OutputFile(output) } catch let error as GantryError {
                throw GantryError(error.kind, "failed to export container: \(error.message)", cause: error.cause)
            }
            return try await file.write(try await session.client.export(operands[0]))
        }
        guard !session.console.outputIsTerminal else {
            throw GantryError.invalid("cowardly refusing to save to a terminal. Use the -o flag or redirect")
        }
        for try await piece in try await session.client.export(operands[0]) { session.console.write(piece) }
    }
}

import DockerAPI
import EngineClient
import Essentials

/// `gantry save`
struct SaveCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "save", abstract: "Save one or more images to a tar archive (streamed to STDOUT by default)")
    static let usageLine = "[OPTIONS] IMAGE [IMAGE...]"
    static let operandCount = OperandCount.atLeast(1)

    @Option(name: .shortAndLong, help: "Write to a file, instead of STDOUT") var output: String?
    @Option(help: "Save only the given platform variant (formatted as \"os[/arch[/variant]]\")")
    var platform: [String] = []
    var operands: [String] = []

    func run(in session: Session) async throws {
        guard let output else {
            guard !session.console.outputIsTerminal else {
                throw GantryError.invalid("cowardly refusing to save to a terminal. Use the -o flag or redirect")
            }
            for try await piece in try await session.client.save(operands, platforms: platform) { session.console.write(piece) }
            return
        }
        do {
            let file = try OutputFile(output)
            try await file.write(try await session.client.save(operands, platforms: platform))
        } catch let error as GantryError where error.message.hasPrefix("invalid output path") {
            throw GantryError(error.kind, "failed to save image: \(error.message)", cause: error.cause)
        }
    }
}

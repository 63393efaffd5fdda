import DockerAPI
import EngineClient

/// `gantry diff`
struct DiffCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Inspect changes to files or directories on a container's filesystem")
    static let usageLine = "CONTAINER"
    static let operandCount = OperandCount.exactly(1)

    var operands: [String] = []

    func run(in session: Session) async throws {
        let changes = try await session.client.changes(of: operands[0])
        let letters = ["C", "A", "D"]
        session.console.text(
            changes.map { "\(letters.indices.contains($0.kind) ? letters[$0.kind] : "?") \($0.path)\n" }.joined())
    }
}

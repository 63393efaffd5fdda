import EngineClient
import Essentials
import OCI

/// `gantry commit`
struct CommitCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "commit", abstract: "Create a new image from a container's changes")
    static let usageLine = "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]"
    static let operandCount = OperandCount.between(1, 2)

    @Option(name: .shortAndLong, help: "Author (e.g., \"Jane Doe <jane@example.com>\")") var author = ""
    @Option(name: .shortAndLong, help: "Apply Dockerfile instruction to the created image") var change: [String] = []
    @Option(name: .shortAndLong, help: "Commit message") var message = ""
    @Flag(name: [.customShort("p"), .long], inversion: .prefixedNo, help: "Pause container during commit") var pause = true
    var operands: [String] = []

    func run(in session: Session) async throws {
        let reference = try operands.count > 1 ? Reference(operands[1]) : nil
        let id = try await session.client.commit(
            operands[0], repository: reference?.familiarRepository, tag: reference?.tag, comment: message, author: author,
            changes: change, pause: pause)
        session.console.print(id)
    }
}

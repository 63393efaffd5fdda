import DockerAPI
import EngineClient
import Essentials
import OCI

/// `gantry import`
struct ImportCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Import the contents from a tarball to create a filesystem image")
    static let usageLine = "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]"
    static let operandCount = OperandCount.atLeast(1)

    @Option(name: .shortAndLong, help: "Apply Dockerfile instruction to the created image") var change: [String] = []
    @Option(name: .shortAndLong, help: "Set commit message for imported image") var message = ""
    @Option(help: "Set platform if server is multi-platform capable") var platform: String?
    var operands: [String] = []

    func run(in session: Session) async throws {
        let reference = operands.count > 1 ? try Reference(operands[1]) : nil
        let isRemote = operands[0].hasPrefix("http://") || operands[0].hasPrefix("https://")
        let archive = isRemote ? nil : operands[0] == "-" ? try InputStream.standard() : try InputStream.file(operands[0])
        defer { archive?.close() }
        let messages = try await session.client.importImage(
            source: isRemote ? operands[0] : "-", repository: reference?.familiarRepository, tag: reference?.tag, message: message,
            changes: change, platform: platform, archive: archive?.body)
        var display = TransferDisplay(console: session.console, output: .standard, environment: session.environment)
        try await display.show(messages)
    }
}

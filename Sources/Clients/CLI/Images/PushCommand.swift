import DockerAPI
import EngineClient
import Essentials
import OCI

/// `gantry push`
struct PushCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "push", abstract: "Upload an image to a registry")
    static let usageLine = "[OPTIONS] NAME[:TAG]"
    static let operandCount = OperandCount.exactly(1)

    @Flag(name: [.customShort("a"), .long], help: "Push all tags of an image to the repository") var allTags = false
    @Option(help: "Push a platform-specific manifest as a single-platform image") var platform: String?
    @Flag(name: .shortAndLong, help: "Suppress verbose output") var quiet = false
    @Flag(help: .hidden) var disableContentTrust = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        let named = try Reference(operands[0])
        if allTags, named.tag != nil || named.digest != nil {
            throw GantryError.invalid("tag can't be used with --all-tags/-a")
        }
        let reference = allTags ? named : named.withDefaultTag
        if !allTags, named != reference, !quiet { session.console.print("Using default tag: latest") }
        let messages = try await session.client.push(
            reference.familiarRepository, tag: allTags ? nil : reference.digest.map { "\($0)" } ?? reference.tag,
            platform: platform,
            login: try session.login(for: reference))
        var display = TransferDisplay(
            console: session.console, output: quiet ? .none : .standard, environment: session.environment)
        try await display.show(messages)
        if quiet { session.console.print(reference.canonical) }
    }
}

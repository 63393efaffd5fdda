import Essentials
import OCI

/// `gantry pull`
struct PullCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "pull", abstract: "Download an image from a registry")
    static let usageLine = "[OPTIONS] NAME[:TAG|@DIGEST]"
    static let operandCount = OperandCount.exactly(1)

    @Flag(name: [.customShort("a"), .long], help: "Download all tagged images in the repository") var allTags = false
    @Flag(help: "Download the images for all platforms of the name") var allPlatforms = false
    @Option(help: "Set platform if server is multi-platform capable") var platform: String?
    @Flag(name: .shortAndLong, help: "Suppress verbose output") var quiet = false
    @Flag(help: .hidden) var disableContentTrust = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        let named = try Reference(operands[0])
        if allTags, named.tag != nil || named.digest != nil {
            throw GantryError.invalid("tag can't be used with --all-tags/-a")
        }
        if allPlatforms, platform != nil || allTags {
            throw GantryError.invalid("--all-platforms can't be used with --platform or --all-tags")
        }
        let reference = allTags ? named : named.withDefaultTag
        if !allTags, named != reference, !quiet { session.console.print("Using default tag: latest") }
        var pull = ImagePull(reference: reference, allTags: allTags, platform: platform)
        pull.allPlatforms = allPlatforms
        try await pull.perform(in: session, output: quiet ? .none : .standard)
        session.console.print(reference.canonical)
    }
}

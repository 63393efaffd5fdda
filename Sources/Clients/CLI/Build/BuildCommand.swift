import ArgumentParser
import EngineClient
import Essentials
import LinuxSystem

/// `gantry build`
struct BuildCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "build", abstract: "Build an image from a Dockerfile")
    static let usageLine = "[OPTIONS] PATH | URL | -"
    static let operandCount = OperandCount.exactly(1)

    @Option(help: "Add a custom host-to-IP mapping (\"host:ip\")") var addHost: [String] = []
    @Option(help: "Set build-time variables") var buildArg: [String] = []
    @Option(help: "Images to consider as cache sources") var cacheFrom: [String] = []
    @Option(help: "Set the parent cgroup for the \"RUN\" instructions during build") var cgroupParent = ""
    @Option(help: .hidden) var cpuPeriod: String?
    @Option(help: .hidden) var cpuQuota: String?
    @Option(name: [.customShort("c"), .long], help: .hidden) var cpuShares: String?
    @Option(help: .hidden) var cpusetCpus = ""
    @Option(help: .hidden) var cpusetMems = ""
    @Flag(help: "Say for every step whether it was taken from the cache and why not (--explain=json for programs)") var explain =
        false
    @Flag(help: .hidden) var explainText = false
    @Flag(help: .hidden) var explainJson = false
    @Option(name: .shortAndLong, help: "Name of the Dockerfile (default: \"PATH/Dockerfile\")") var file: String?
    @Flag(help: .hidden) var forceRm = false
    @Option(help: "Write the image ID to a file") var iidfile: String?
    @Option(help: "Set metadata for an image") var label: [String] = []
    @Option(name: .shortAndLong, help: "Memory limit of the \"RUN\" instructions") var memory: String?
    @Option(help: .hidden) var memorySwap: String?
    @Option(help: "Set the networking mode for the \"RUN\" instructions during build") var network = "default"
    @Flag(help: "Do not use cache when building the image") var noCache = false
    @Option(help: "Set target platform for build") var platform: String?
    @Option(help: "Set type of progress output (auto, plain, tty, quiet, rawjson, none)") var progress: String?
    @Flag(help: "Always attempt to pull all referenced images") var pull = false
    @Flag(name: .shortAndLong, help: "Suppress the build output and print image ID on success") var quiet = false
    @Flag(inversion: .prefixedNo, help: .hidden) var rm = true
    @Option(help: "Shared memory size for build containers") var shmSize: String?
    @Option(name: .shortAndLong, help: "Name and optionally a tag (format: \"name:tag\")") var tag: [String] = []
    @Option(help: "Set the target build stage to build") var target = ""
    @Option(help: "Ulimit options") var ulimit: [String] = []
    @OptionGroup(visibility: .hidden) var others: BuildFlagsNotOffered
    @Argument var operands: [String] = []

    func run(in session: Session) async throws {
        try others.refuse()
        let settings = try settings(session)
        let run = BuildRun(settings: settings, style: try style(session), session: session)
        let image: String
        do { image = try await run.perform() } catch let error as GantryError {
            let message = error.daemonMessage.map { "failed to solve: \($0)" } ?? error.message
            throw GantryError(error.kind, "ERROR: \(message)", cause: error.cause, hint: error.hint)
        }
        if let iidfile {
            do { try FileSystem.replace(iidfile, with: image) } catch {
                throw GantryError(.unavailable, "cannot write the image's id to `\(iidfile)`", cause: error)
            }
        }
        if settings.quiet { session.console.print(image) }
    }

    /// How progress is shown. Source: docker buildx build, `--progress`.
    private func style(_ session: Session) throws -> BuildPresenter.Style {
        if quiet { return .quiet }
        let name = progress ?? session.environment["BUILDKIT_PROGRESS"].flatMap { $0.isEmpty ? nil : $0 } ?? "auto"
        switch name {
        case "auto": return session.console.errorIsTerminal ? .live : .plain
        case "plain": return .plain
        case "quiet", "none": return .quiet
        case "rawjson": return .rawJSON
        case "tty":
            guard session.console.errorIsTerminal else {
                throw GantryError.invalid("`--progress=tty` needs a terminal on standard error")
            }
            return .live
        default:
            throw GantryError.invalid("invalid progress mode `\(name)`", hint: "expected auto, plain, tty, quiet, rawjson or none")
        }
    }
}

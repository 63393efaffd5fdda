import DockerAPI
import EngineClient
import Essentials
import LinuxSystem

/// `gantry build`
struct BuildCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "build", abstract: "Build an image from a Dockerfile")
    static let usageLine = "[OPTIONS] PATH | URL | -"
    static let operandCount = OperandCount.exactly(1)

    @Option(help: "Add a custom host-to-IP mapping (\"host:ip\")") var addHost: [String] = []
    @Option(help: "Allow extra privileged entitlement (e.g., \"network.host\", \"security.insecure\")") var allow: [String] = []
    @Option(help: "Set build-time variables") var buildArg: [String] = []
    @Option(help: "Additional build contexts (e.g., name=path)") var buildContext: [String] = []
    @Option(name: .customLong("call"), help: "Set method for evaluating build (\"check\", \"outline\", \"targets\")")
    var callText: String?
    @Flag(help: "Shorthand for \"--call=check\"") var check = false
    @Option(help: "External cache sources (e.g., \"user/app:cache\", \"type=local,src=path/to/dir\")") var cacheFrom: [String] = []
    @Option(help: "Cache export destinations (e.g., \"type=registry,ref=user/app:cache\", \"type=local,dest=path/to/dir\")")
    var cacheTo: [String] = []
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
    @Flag(help: .hidden) var load = false
    @Option(name: .shortAndLong, help: "Memory limit of the \"RUN\" instructions") var memory: String?
    @Option(help: .hidden) var memorySwap: String?
    @Option(help: "Write build result metadata to a file") var metadataFile: String?
    @Option(help: "Set the networking mode for the \"RUN\" instructions during build") var network = "default"
    @Flag(help: "Do not use cache when building the image") var noCache = false
    @Option(help: "Do not cache specified stages") var noCacheFilter: [String] = []
    @Option(help: "What to do when a RUN fails: \"shell\" gives a shell in the state before it") var onFailure: String?
    @Option(name: .shortAndLong, help: "Output destination (format: \"type=local,dest=path\")") var output: [String] = []
    @Option(help: "Set target platform for build") var platform: [String] = []
    @Option(help: "Set type of progress output (auto, plain, tty, quiet, rawjson, none)") var progress: String?
    @Flag(help: "Always attempt to pull all referenced images") var pull = false
    @Flag(help: "Shorthand for \"--output=type=registry\"") var push = false
    @Flag(name: .shortAndLong, help: "Suppress the build output and print image ID on success") var quiet = false
    @Flag(inversion: .prefixedNo, help: .hidden) var rm = true
    @Option(help: "Secret to expose to the build (format: \"id=mysecret[,src=/local/secret]\")") var secret: [String] = []
    @Option(help: "Shared memory size for build containers") var shmSize: String?
    @Flag(help: "Squash newly built layers into a single new layer") var squash = false
    @Option(help: "SSH agent socket or keys to expose to the build (format: \"default|<id>[=<socket>|<key>[,<key>]]\")") var ssh:
        [String] = []
    @Option(name: .shortAndLong, help: "Name and optionally a tag (format: \"name:tag\")") var tag: [String] = []
    @Option(help: "Set the target build stage to build") var target = ""
    @Option(help: "Ulimit options") var ulimit: [String] = []
    @Option(help: "Say which steps would be built again if these files changed, and build nothing") var whatIf: [String] = []
    @OptionGroup var exports: BuildExportFlags
    @OptionGroup(visibility: .hidden) var others: BuildFlagsNotOffered
    var operands: [String] = []

    /// What is wanted in place of a build; nil for a build.
    var call: BuildCall? {
        get throws { try check ? BuildCall("check") : callText.map(BuildCall.init) }
    }

    func run(in session: Session) async throws {
        let job = try job(session)
        let call = try call
        let style = call.map { $0.kind == "build" } ?? true ? try style(session) : .quiet
        let run = BuildRun(
            settings: job.settings, style: style, session: session, outputIsTaken: job.outputs.contains { $0.kind == .tar(nil) })
        let outcome: BuildRun.Outcome
        do { outcome = try await run.perform() } catch let error as GantryError {
            let message = error.daemonMessage.map { "failed to solve: \($0)" } ?? error.message
            throw GantryError(error.kind, "ERROR: \(message)", cause: error.cause, hint: error.hint)
        }
        withExtendedLifetime(job.held) {}
        if let report = outcome.report { return try show(report, call, session) }
        try await deliver(job, outcome, session)
    }

    /// Everything that the command line asks for.
    func job(_ session: Session) throws -> BuildJob {
        try others.refuse()
        let outputs = try outputs()
        var settings = try settings(session, outputs)
        let held: [OwnedDescriptor]
        (settings.additions, held) = try additions(session, outputs: outputs)
        if outputs.contains(where: \.rewritesTimes), settings.buildArguments["SOURCE_DATE_EPOCH"] == nil {
            session.console.printError("WARNING: rewrite-timestamp is specified, but no source-date-epoch was found")
        }
        return try BuildJob(
            settings: settings, outputs: outputs, held: held, annotations: try exports.annotations(),
            wantsDigest: iidfile != nil || metadataFile != nil)
    }

    private func show(_ report: String, _ call: BuildCall?, _ session: Session) throws {
        guard let call else { return session.console.text(report) }
        let (text, status) = try BuildReport(call: call, json: report).render()
        session.console.text(text)
        if status != 0 { throw ExitStatus(status) }
    }

    private func outputs() throws -> [BuildOutput] {
        var outputs = try output.map { try BuildOutput($0) }
        if push { outputs.append(BuildOutput(.image(pushes: true))) }
        if load { outputs.append(BuildOutput(.image(pushes: false))) }
        if outputs.contains(where: \.pushes), tag.isEmpty, outputs.allSatisfy(\.names.isEmpty) {
            throw GantryError.invalid("ERROR: tag is needed when pushing to registry")
        }
        return outputs
    }

    func deliver(_ job: BuildJob, _ outcome: BuildRun.Outcome, _ session: Session) async throws {
        let result = BuildResult(job: job, outcome: outcome, session: session)
        try await result.deliver()
        if let image = result.imageID {
            try write(image, to: iidfile, "the image's id")
            if quiet || progress == "quiet" { session.console.print(image) }
        }
        if let metadataFile { try write(try JSONText.pretty(result.metadata()) + "\n", to: metadataFile, "the build's metadata") }
    }

    private func write(_ text: String, to path: String?, _ what: String) throws {
        guard let path else { return }
        do { try FileSystem.replace(path, with: text) } catch {
            throw GantryError(.unavailable, "cannot write \(what) to `\(path)`", cause: error)
        }
    }

    private func style(_ session: Session) throws -> BuildPresenter.Style { quiet ? .quiet : try Self.style(progress, session) }

    /// How progress is shown. Source: docker buildx build, `--progress`.
    static func style(_ progress: String?, _ session: Session) throws -> BuildPresenter.Style {
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

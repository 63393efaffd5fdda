import DockerAPI
import EngineClient
import Essentials

/// `gantry image verify-rebuild`
struct VerifyRebuildCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-rebuild", abstract: "Build an image again as it was built and name every file that differs")
    static let usageLine = "[OPTIONS] IMAGE [CONTEXT]"
    static let operandCount = OperandCount.between(1, 2)

    @Option(help: "Additional build contexts that were folders (e.g., name=path)") var buildContext: [String] = []
    @Flag(help: "The differences as JSON") var json = false
    @Option(help: "Set type of progress output (auto, plain, tty, quiet, rawjson, none)") var progress = "auto"
    @Option(help: "Secret of the build (format: \"id=mysecret[,src=/local/secret]\")") var secret: [String] = []
    @Option(help: "SSH agent socket of the build (format: \"default|<id>[=<socket>]\")") var ssh: [String] = []
    var operands: [String] = []

    func run(in session: Session) async throws {
        let inspected = try EngineJSON.decode(JSONValue.self, from: try await session.client.imageInspectBytes(operands[0]))
        guard let id = inspected["Id"]?.string else { throw GantryError.internal("the daemon named no id of `\(operands[0])`") }
        let recipe = try await recipe(of: id, session)
        let known = Set(try await session.client.images(all: true).map(\.id))
        let rebuilt = try await build(recipe, session)
        let differences: ImageDifferencesBody
        do { differences = try await session.client.imageDifferences(id, rebuilt) } catch {
            if !known.contains(rebuilt) { _ = try await session.client.removeImage(rebuilt, force: false, noPrune: false) }
            throw error
        }
        if !known.contains(rebuilt) { _ = try await session.client.removeImage(rebuilt, force: false, noPrune: false) }
        if json {
            session.console.write(try EngineJSON.line(differences))
        } else {
            session.console.text(Self.text(differences))
        }
        if !differences.isSame { throw ExitStatus(1) }
    }

    /// The newest build that gave the image.
    private func recipe(of image: String, _ session: Session) async throws -> BuildRecipeBody {
        let build = try await session.client.builds().first { $0.image == image && $0.status == "completed" }
        guard let build, let recipe = try await session.client.build(build.id).recipe else {
            throw GantryError.notFound(
                "no build of `\(operands[0])` is recorded here", hint: "only what this daemon has built can be built again")
        }
        return recipe
    }

    private func build(_ recipe: BuildRecipeBody, _ session: Session) async throws -> String {
        let words = try RebuildArguments(
            recipe: recipe, context: operands.count > 1 ? operands[1] : nil, secrets: secret, agents: ssh,
            contexts: buildContext
        ).words
        guard case .run(let command) = try CommandParser.parse(BuildCommand.self, name: "gantry build", words),
            let command = command as? BuildCommand
        else { throw GantryError.internal("the recorded build is no build") }
        // Nothing but the record and the command line decides what is built.
        var environment = session.environment
        for name in ["SOURCE_DATE_EPOCH", "DOCKER_DEFAULT_PLATFORM"] { environment[name] = nil }
        let plain = Session(
            settings: session.settings, console: session.console, environment: environment, client: session.client,
            commandName: session.commandName)
        var job = try command.job(plain)
        job.settings.buildArguments = recipe.arguments.mapValues { .some($0) }
        job.settings.dockerfileText = recipe.dockerfile
        job.settings.ignoreRules = recipe.ignoreRules
        job.settings.additions.contexts =
            (job.settings.additions.contexts ?? [])
            + recipe.bases.sorted { $0.key < $1.key }.map {
                BuildAdditions.NamedContext(name: $0.key, kind: .image, value: $0.value)
            }
        let run = BuildRun(
            settings: job.settings, style: try BuildCommand.style(progress, session), session: session, outputIsTaken: json)
        let outcome = try await run.perform()
        withExtendedLifetime(job.held) {}
        guard let image = outcome.image else { throw GantryError.internal("the build gave no image") }
        return image
    }

    static func text(_ differences: ImageDifferencesBody) -> String {
        if differences.isSame { return "the image is the same when it is built again: \(differences.image)\n" }
        var text = ""
        for file in differences.files {
            text += "\(file.path): \(file.what.joined(separator: ", "))"
            text += file.details.isEmpty ? "\n" : " (\(file.details.joined(separator: "; ")))\n"
        }
        for member in differences.configuration { text += "configuration: \(member)\n" }
        let count = differences.files.count
        text += "\n\(count == 1 ? "1 file differs" : "\(count) files differ")"
        return text + ": the image is \(differences.image), built again \(differences.rebuilt)\n"
    }
}

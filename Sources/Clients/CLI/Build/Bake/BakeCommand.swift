import DockerAPI
import EngineClient
import Essentials
import LinuxSystem

/// `gantry bake`
struct BakeCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "bake", abstract: "Build from a file that describes several builds")
    static let usageLine = "[OPTIONS] [TARGET...]"
    static let operandCount = OperandCount.any

    @Option(name: .shortAndLong, help: "Build definition file, in JSON (default: \"docker-bake.json\")") var file: [String] = []
    @Flag(help: "Shorthand for \"--set=*.output=type=docker\"") var load = false
    @Option(help: "Write build result metadata to a file") var metadataFile: String?
    @Flag(help: "Do not use cache when building the image") var noCache = false
    @Flag(help: "Print the options without building") var print = false
    @Option(help: "Set type of progress output (auto, plain, tty, quiet, rawjson, none)") var progress: String?
    @Option(help: "Shorthand for \"--set=*.attest=type=provenance\"") var provenance: String?
    @Flag(help: "Always attempt to pull all referenced images") var pull = false
    @Flag(help: "Shorthand for \"--set=*.output=type=registry\"") var push = false
    @Option(help: "Shorthand for \"--set=*.attest=type=sbom\"") var sbom: String?
    @Option(help: "Override target value (e.g., \"targetpattern.key=value\")") var set: [String] = []
    var operands: [String] = []

    /// Looked for in this order; a later one goes before an earlier one.
    private static let names = ["docker-bake.json", "docker-bake.override.json"]
    private static let foreign = ["docker-bake.hcl", "docker-bake.override.hcl"]

    func run(in session: Session) async throws {
        var plan = try BakePlan(try read(session.environment), names: operands, settings: set)
        let (push, load, noCache, pull) = (push, load, noCache, pull)
        let said = [("provenance", provenance), ("sbom", sbom)].compactMap { type, value in value.map { (type, $0) } }
        plan.change { target in
            if push { target.set("output", target.list("output") + ["type=registry"]) }
            if load { target.set("output", target.list("output") + ["type=docker"]) }
            if noCache { target.set("no-cache", true) }
            if pull { target.set("pull", true) }
            for (type, value) in said {
                let rest =
                    switch Bool(goText: value) {
                    case true?: ""
                    case false?: ",disabled=true"
                    case nil: value.contains("=") ? ",\(value)" : ",mode=\(value)"
                    }
                target.set("attest", target.list("attest") + ["type=\(type)\(rest)"])
            }
        }
        if self.print { return session.console.print(try JSONText.pretty(plan.json, indent: "  ")) }
        let style = try BuildCommand.style(progress, session)
        let display = BakeDisplay(style: style, session: session)
        let baked: [String: BakeRun.Baked]
        do { baked = try await BakeRun(plan: plan, session: session, display: display).perform() } catch let error as GantryError {
            let message = error.daemonMessage.map { "failed to solve: \($0)" } ?? error.message
            throw GantryError(error.kind, "ERROR: \(message)", cause: error.cause, hint: error.hint)
        }
        if style == .quiet { for name in plan.wanted { if let image = baked[name]?.image { session.console.print(image) } } }
        if let metadataFile {
            let text = try JSONText.pretty(.object(baked.mapValues(\.metadata))) + "\n"
            do { try FileSystem.replace(metadataFile, with: text) } catch {
                throw GantryError(.unavailable, "cannot write the builds' metadata to `\(metadataFile)`", cause: error)
            }
        }
    }

    private func read(_ environment: [String: String]) throws -> BakeFile {
        var names = file
        if names.isEmpty {
            names = Self.names.filter(FileSystem.exists)
            if names.isEmpty, let other = Self.foreign.first(where: FileSystem.exists) { names = [other] }
        }
        guard !names.isEmpty else {
            throw GantryError.notFound("no bake file: `docker-bake.json` is not here", hint: "name one: `-f FILE`")
        }
        var result = BakeFile()
        for name in names {
            guard !name.hasSuffix(".hcl") else {
                throw GantryError.unsupported(
                    "`\(name)`: bake files in HCL are not read", hint: "write it as JSON: docker-bake.json")
            }
            let bytes: [UInt8]
            do { bytes = try name == "-" ? InputStream.readStandard(upTo: 16 << 20) : FileSystem.read(name) } catch {
                throw GantryError.notFound("cannot read the bake file `\(name)`", cause: error)
            }
            result.merge(try BakeFile(bytes, name: name, environment: environment))
        }
        return result
    }
}

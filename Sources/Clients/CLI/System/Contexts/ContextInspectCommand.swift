import EngineClient
import Essentials
import LinuxSystem

/// `gantry context inspect`
struct ContextInspectCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Display detailed information on one or more contexts")
    static let usageLine = "[OPTIONS] [CONTEXT] [CONTEXT...]"
    static let operandCount = OperandCount.any

    @Option(name: .shortAndLong, help: "Format output: 'json' or a Go template") var format: String?
    var operands: [String] = []

    func run(in session: Session) async throws {
        let names = operands.isEmpty ? [session.settings.contextName] : operands
        try await InspectOutput(format: format).show(names, console: session.console) { name in
            Array(try Self.value(name, session).json.utf8)
        }
    }

    private static func value(_ name: String, _ session: Session) throws -> Value {
        guard name != "default" else {
            let host = session.settings.contextName == "default" ? session.settings.host : ClientSettings.defaultHost
            return value(name, description: "", host: host, skips: false, files: [], paths: ("<IN MEMORY>", "<IN MEMORY>"))
        }
        let context = try StoredContext.load(name, directory: session.settings.configDirectory)
        let store = ContextStore(directory: session.settings.configDirectory)
        let files = ["ca.pem", "cert.pem", "key.pem"].filter { FileSystem.exists("\(store.tlsFolder(name))/docker/\($0)") }
        return value(
            name, description: context.description, host: context.host, skips: context.tls.map { !$0.verifies } ?? false,
            files: files,
            paths: (store.metadataFolder(name), store.tlsFolder(name)))
    }

    private static func value(
        _ name: String, description: String, host: String, skips: Bool, files: [String], paths: (metadata: String, tls: String)
    ) -> Value {
        func object(_ pairs: [(String, Value)]) -> Value { .object(Value.Members(pairs)) }
        return object([
            ("Name", .string(name)),
            ("Metadata", object(description.isEmpty ? [] : [("Description", .string(description))])),
            ("Endpoints", object([("docker", object([("Host", .string(host)), ("SkipTLSVerify", .bool(skips))]))])),
            ("TLSMaterial", object(files.isEmpty ? [] : [("docker", .array(files.map(Value.string)))])),
            ("Storage", object([("MetadataPath", .string(paths.metadata)), ("TLSPath", .string(paths.tls))])),
        ])
    }
}

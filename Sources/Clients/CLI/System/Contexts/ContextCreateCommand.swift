import EngineClient
import Essentials

/// `gantry context create`
struct ContextCreateCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Create a context")
    static let usageLine = "[OPTIONS] CONTEXT"
    static let operandCount = OperandCount.exactly(1)

    @Option(help: "Description of the context") var description: String?
    @Option(help: "Set the docker endpoint (host=ADDRESS,ca=FILE,cert=FILE,key=FILE,skip-tls-verify=BOOL)") var docker: String?
    @Option(help: "Create context from a named context") var from: String?
    var operands: [String] = []

    func run(in session: Session) async throws {
        let store = ContextStore(directory: session.settings.configDirectory)
        var text = description ?? ""
        var endpoint: ContextStore.Endpoint
        if let from {
            guard docker == nil else { throw GantryError.invalid("cannot use --docker flag when --from is set") }
            (text, endpoint) = try Self.copied(from, description: text, session)
        } else {
            endpoint = try ContextStore.Endpoint(docker ?? "")
            guard docker == nil || !endpoint.host.isEmpty else {
                throw GantryError.invalid("unable to create docker endpoint config: the docker endpoint needs a host")
            }
            if endpoint.host.isEmpty { endpoint.host = session.settings.host }
        }
        try store.create(operands[0], description: text, endpoint: endpoint)
        session.console.print(operands[0])
        session.console.printError("Successfully created context \"\(operands[0])\"")
    }

    private static func copied(_ name: String, description: String, _ session: Session) throws -> (String, ContextStore.Endpoint) {
        var endpoint = try ContextStore.Endpoint("")
        guard name != "default" else {
            endpoint.host = session.settings.host
            return (description, endpoint)
        }
        let source = try StoredContext.load(name, directory: session.settings.configDirectory)
        endpoint.host = source.host
        endpoint.skipsVerification = source.tls.map { !$0.verifies } ?? false
        let files = ["ca.pem": source.tls?.authorityFile, "cert.pem": source.tls?.certificateFile, "key.pem": source.tls?.keyFile]
        endpoint.files = files.compactMapValues { $0 }
        return (description.isEmpty ? source.description : description, endpoint)
    }
}

import EngineClient
import Essentials

/// `gantry container inspect`
struct ContainerInspectCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Display detailed information on one or more containers")
    static let usageLine = "[OPTIONS] CONTAINER [CONTAINER...]"
    static let operandCount = OperandCount.atLeast(1)

    @Option(name: .shortAndLong, help: "Format output: 'json' or a Go template") var format: String?
    @Flag(name: .shortAndLong, help: "Display total file sizes") var size = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        try await InspectOutput(format: format).show(operands, console: session.console) { name in
            try await session.client.containerInspectBytes(name, size: size)
        }
    }
}

/// `gantry inspect`: any object by its name or id.
struct InspectCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Return low-level information on Gantry objects")
    static let usageLine = "[OPTIONS] NAME|ID [NAME|ID...]"
    static let operandCount = OperandCount.atLeast(1)

    @Option(name: .shortAndLong, help: "Format output: 'json' or a Go template") var format: String?
    @Flag(name: .shortAndLong, help: "Display total file sizes if the type is container") var size = false
    @Option(help: "Only inspect objects of the given type") var type = ""
    var operands: [String] = []

    private static let types = [
        "config", "container", "image", "network", "node", "plugin", "secret", "service", "task", "volume",
    ]
    /// The order in which a name without a type is looked up.
    private static let order = ["container", "image", "network", "volume", "service", "task", "node", "plugin", "secret", "config"]

    func run(in session: Session) async throws {
        guard type.isEmpty || Self.types.contains(type) else {
            let known = Self.types.map { "\"\($0)\"" }.joined(separator: ", ")
            throw GantryError.invalid("unknown type: \"\(type)\": must be one of \(known)")
        }
        try await InspectOutput(format: format).show(operands, console: session.console) { name in
            guard type.isEmpty else { return try await fetch(name, type, session) }
            for type in Self.order {
                do { return try await fetch(name, type, session) } catch let error as GantryError where Self.isAbsence(error) {
                    continue
                }
            }
            throw GantryError.notFound("Error: No such object: \(name)")
        }
    }

    /// There is none of that kind, or no such kind here (clusters, plugins).
    private static func isAbsence(_ error: GantryError) -> Bool {
        error.daemonMessage != nil && [.notFound, .unavailable, .unsupported].contains(error.kind)
    }

    private func fetch(_ name: String, _ type: String, _ session: Session) async throws -> [UInt8] {
        let client = session.client
        if size, type != "container", !self.type.isEmpty || type == "image" {
            return try await fetchIgnoringSize(name, type, session)
        }
        switch type {
        case "container": return try await client.containerInspectBytes(name, size: size)
        case "image": return try await client.imageInspectBytes(name)
        case "network": return try await client.networkInspectBytes(name)
        case "volume": return try await client.volumeInspectBytes(name)
        case "plugin": return try await client.send(EngineRequest(.get, "/plugins/\(EngineRequest.part(name))/json")).bytes()
        default: return try await client.send(EngineRequest(.get, "/\(type)s/\(EngineRequest.part(name))")).bytes()
        }
    }

    private func fetchIgnoringSize(_ name: String, _ type: String, _ session: Session) async throws -> [UInt8] {
        var plain = self
        plain.size = false
        let bytes = try await plain.fetch(name, type, session)
        session.console.printError("WARNING: --size ignored for \(type)")
        return bytes
    }
}

import DockerAPI
import EngineClient
import Essentials

/// `gantry volume create`
struct VolumeCreateCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Create a volume")
    static let usageLine = "[OPTIONS] [VOLUME]"
    static let operandCount = OperandCount.atMost(1)

    @Option(name: .shortAndLong, help: "Specify volume driver name") var driver = "local"
    @Option(help: "Set metadata for a volume") var label: [String] = []
    @Option(name: .shortAndLong, help: "Set driver specific options") var opt: [String] = []
    @Option(help: .hidden) var name: String?
    var operands: [String] = []

    func run(in session: Session) async throws {
        session.console.print(try await session.client.createVolume(try body()).name)
    }

    func body() throws -> VolumeCreateBody {
        if name != nil, !operands.isEmpty {
            throw GantryError.invalid(
                "conflicting options: cannot specify a volume-name through both --name and as a positional arg")
        }
        var body = VolumeCreateBody()
        body.name = operands.first ?? name ?? ""
        body.driver = driver
        body.driverOpts = FlagValue.map(opt)
        body.labels = label.isEmpty ? nil : FlagValue.map(label)
        return body
    }
}

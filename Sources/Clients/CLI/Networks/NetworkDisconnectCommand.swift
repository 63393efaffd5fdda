import DockerAPI
import EngineClient

/// `gantry network disconnect`
struct NetworkDisconnectCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "disconnect", abstract: "Disconnect a container from a network")
    static let usageLine = "[OPTIONS] NETWORK CONTAINER"
    static let operandCount = OperandCount.exactly(2)

    @Flag(name: .shortAndLong, help: "Force the container to disconnect from a network") var force = false
    var operands: [String] = []

    func run(in session: Session) async throws {
        var body = NetworkDisconnectBody()
        body.container = operands[1]
        body.force = force
        try await session.client.disconnect(network: operands[0], body)
    }
}

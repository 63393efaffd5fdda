import DockerAPI
import EngineClient
import Essentials

/// `gantry port`
struct PortCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "port", abstract: "List port mappings or a specific mapping for the container")
    static let usageLine = "CONTAINER [PRIVATE_PORT[/PROTO]]"
    static let operandCount = OperandCount.between(1, 2)

    var operands: [String] = []

    func run(in session: Session) async throws {
        let container = try await session.client.inspectContainer(operands[0])
        let ports = container.networkSettings.ports.compactMapValues { $0 }
        guard operands.count > 1 else { return session.console.text(Self.all(ports)) }
        let (number, proto) = PortFlag.splitProtocol(operands[1])
        guard UInt16(number) != nil else {
            let reason = Int(number) == nil ? "invalid syntax" : "value out of range"
            throw ExitStatus(1, "Error: invalid port (\(number)): strconv.ParseUint: parsing \"\(number)\": \(reason)")
        }
        guard let bindings = ports["\(number)/\(proto)"], !bindings.isEmpty else {
            throw ExitStatus(1, "Error: No public port '\(operands[1])' published for \(operands[0])")
        }
        session.console.text(bindings.map { Self.address($0) + "\n" }.joined())
    }

    /// By number, then protocol.
    private static func all(_ ports: [String: [PortBinding]]) -> String {
        func key(_ port: String) -> (Int, String) {
            let (number, proto) = PortFlag.splitProtocol(port)
            return (Int(number) ?? 0, proto)
        }
        return ports.sorted { key($0.key) < key($1.key) }.map { port, bindings in
            bindings.map { "\(port) -> \(address($0))\n" }.joined()
        }.joined()
    }

    private static func address(_ binding: PortBinding) -> String {
        "\(binding.hostIp.contains(":") ? "[\(binding.hostIp)]" : binding.hostIp):\(binding.hostPort)"
    }
}

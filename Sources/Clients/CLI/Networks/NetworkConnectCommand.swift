import DockerAPI
import EngineClient
import Essentials

/// `gantry network connect`
struct NetworkConnectCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "connect", abstract: "Connect a container to a network")
    static let usageLine = "[OPTIONS] NETWORK CONTAINER"
    static let operandCount = OperandCount.exactly(2)

    @Option(help: "Add network-scoped alias for the container") var alias: [String] = []
    @Option(help: "driver options for the network") var driverOpt: [String] = []
    @Option(help: "Highest gw-priority provides the default gateway. Accepts positive and negative values") var gwPriority: String?
    @Option(help: "IPv4 address (e.g., \"172.30.100.104\")") var ip: String?
    @Option(help: "IPv6 address (e.g., \"2001:db8::33\")") var ip6: String?
    @Option(help: "Add link to another container") var link: [String] = []
    @Option(help: "Add a link-local address for the container") var linkLocalIp: [String] = []
    var operands: [String] = []

    func run(in session: Session) async throws {
        try await session.client.connect(network: operands[0], try body())
    }

    func body() throws -> NetworkConnectBody {
        var endpoint = EndpointSettings()
        var addresses = EndpointIPAMConfig()
        addresses.ipv4Address = try Self.address(ip, flag: "--ip")
        addresses.ipv6Address = try Self.address(ip6, flag: "--ip6")
        addresses.linkLocalIPs = try linkLocalIp.commaSeparated.map { try Self.address($0, flag: "--link-local-ip") }
        endpoint.ipamConfig = addresses
        endpoint.aliases = alias.commaSeparated
        endpoint.links = link
        endpoint.driverOpts = FlagValue.map(driverOpt.commaSeparated)
        if let gwPriority { endpoint.gwPriority = try FlagValue.integer(gwPriority, flag: "--gw-priority", as: Int.self) }
        var body = NetworkConnectBody()
        body.container = operands[1]
        body.endpointConfig = endpoint
        return body
    }

    private static func address(_ text: String?, flag: String) throws -> String {
        guard let text else { return "" }
        guard AddressBytes.parse(text) != nil else { throw UsageError.invalid(text, flag: flag, "failed to parse IP: \"\(text)\"") }
        return text
    }
}

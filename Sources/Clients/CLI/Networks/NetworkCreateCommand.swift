import DockerAPI
import EngineClient
import Essentials

/// `gantry network create`
struct NetworkCreateCommand: EngineCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Create a network")
    static let usageLine = "[OPTIONS] NETWORK"
    static let operandCount = OperandCount.exactly(1)

    @Flag(help: "Enable manual container attachment") var attachable = false
    @Option(help: "Auxiliary IPv4 or IPv6 addresses used by Network driver") var auxAddress: [String] = []
    @Option(help: "The network from which to copy the configuration") var configFrom: String?
    @Flag(help: "Create a configuration only network") var configOnly = false
    @Option(name: .shortAndLong, help: "Driver to manage the Network") var driver = "bridge"
    @Option(help: "IPv4 or IPv6 Gateway for the master subnet") var gateway: [String] = []
    @Flag(help: "Create swarm routing-mesh network") var ingress = false
    @Flag(help: "Restrict external access to the network") var `internal` = false
    @Option(help: "Allocate container ip from a sub-range") var ipRange: [String] = []
    @Option(help: "IP Address Management Driver") var ipamDriver = "default"
    @Option(help: "Set IPAM driver specific options") var ipamOpt: [String] = []
    @Flag(inversion: .prefixedNo, help: "Enable or disable IPv4 address assignment") var ipv4: Bool?
    @Flag(inversion: .prefixedNo, help: "Enable or disable IPv6 address assignment") var ipv6: Bool?
    @Option(help: "Set metadata on a network") var label: [String] = []
    @Option(name: .shortAndLong, help: "Set driver specific options") var opt: [String] = []
    @Option(help: "Control the network's scope") var scope = ""
    @Option(help: "Subnet in CIDR format that represents a network segment") var subnet: [String] = []
    var operands: [String] = []

    func run(in session: Session) async throws {
        let answer = try await session.client.createNetwork(try body())
        if !answer.warning.isEmpty { session.console.printError("WARNING: \(answer.warning)") }
        session.console.print(answer.id)
    }

    func body() throws -> NetworkCreateBody {
        var body = NetworkCreateBody()
        body.name = operands[0]
        body.driver = driver
        body.scope = scope
        body.enableIPv4 = ipv4
        body.enableIPv6 = ipv6
        body.isInternal = self.internal
        body.attachable = attachable
        body.ingress = ingress
        body.configOnly = configOnly
        if let configFrom {
            var reference = ConfigReference()
            reference.network = configFrom
            body.configFrom = reference
        }
        var ipam = IPAMBody()
        ipam.driver = ipamDriver
        ipam.options = FlagValue.map(ipamOpt)
        // Several values may stand in one flag, with commas.
        ipam.config = try AddressPools.join(
            subnets: subnet.commaSeparated, ranges: ipRange.commaSeparated, gateways: gateway.commaSeparated,
            auxiliary: FlagValue.map(auxAddress))
        body.ipam = ipam
        body.options = FlagValue.map(opt)
        body.labels = FlagValue.map(label)
        return body
    }
}

extension [String] {
    /// The parts between commas of all elements.
    var commaSeparated: [String] { flatMap { $0.split(separator: ",").map { String($0).trimmed } } }
}

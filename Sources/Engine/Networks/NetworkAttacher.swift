import CLinux
import ContainerRuntime
import Essentials
import LinuxSystem
import Networks

/// Ties a starting container into its networks.
struct NetworkAttacher {
    let record: ContainerRecord
    let context: EngineContext
    /// The container's own where its ids are mapped; else one of the host's user namespace is taken.
    var ownNamespace: OwnedDescriptor?

    private func fresh() async throws -> OwnedDescriptor {
        if let ownNamespace { return ownNamespace }
        return try await context.namespaces.take()
    }

    /// What came of it.
    struct Result {
        /// nil: the host's.
        var namespace: OwnedDescriptor?
        var endpoints: [Endpoint] = []
        var ports: [String: [PublishedPort]] = [:]
    }

    /// Makes or finds the namespace and attaches it; on failure nothing is left.
    func attach() async throws -> Result {
        if record.settings.networkDisabled { return Result(namespace: try await fresh()) }
        switch NetworkPlan.mode(record.settings) {
        case .host: return Result()
        case .none: return Result(namespace: try await fresh())
        case .container(let name):
            let other = try context.container(name)
            guard let processID = await other.record.phase.processID else {
                throw GantryError.conflict("cannot join network of a non running container: \(other.id)")
            }
            return Result(namespace: try context.runtime.open("ns/net", O_RDONLY, of: processID, in: other.id))
        case .networks: return try await attachToNetworks()
        }
    }

    private func attachToNetworks() async throws -> Result {
        var result = Result(namespace: try await fresh())
        guard let namespace = result.namespace else { return result }
        let ports = try portRequests()
        let gateway = try await GatewayChoice.of(record.attachments, context)
        do {
            for attachment in record.attachments {
                let network = try await context.networks.network(attachment.nameOrID)
                let endpoint = try await context.networks.attach(
                    request(
                        attachment, network, beside: result.endpoints, namespace: namespace, isGateway: network.id == gateway,
                        ports: network.id == gateway ? ports : []))
                result.endpoints.append(endpoint)
            }
            if result.endpoints.contains(where: { $0.networkName != "bridge" }) {
                try await context.networks.startResolver(
                    container: record.id, namespace: namespace, servers: record.settings.host.dns)
            }
        } catch {
            await context.networks.detachAll(container: record.id)
            throw error
        }
        result.ports = published(result.endpoints)
        return result
    }

    /// - Parameter others: the container's live endpoints, whose links keep their names.
    func request(
        _ attachment: NetworkAttachment, _ network: Network, beside others: [Endpoint], namespace: OwnedDescriptor, isGateway: Bool,
        ports: [PortRequest]
    ) throws -> AttachmentRequest {
        let link = try LinkSettings(attachment.settings)
        var request = AttachmentRequest(
            containerID: record.id, containerName: record.name, network: attachment.nameOrID, namespace: namespace,
            interfaceName: link.interfaceName ?? Self.freeName(network.interfacePrefix, beside: others), isGateway: isGateway)
        request.linkLocalAddresses = link.linkLocalAddresses
        request.sysctls = link.sysctls
        request.hostname = record.settings.hostname
        request.aliases = attachment.settings.aliases
        request.ipv4Address = attachment.settings.ipv4Address
        request.ipv6Address = attachment.settings.ipv6Address
        request.macAddress = attachment.settings.macAddress
        request.links = Dictionary(
            (attachment.settings.links + record.settings.host.links).map { link in
                let parts = link.split(separator: ":", maxSplits: 1).map(String.init)
                return (parts.last ?? link, parts.first ?? link)
            }, uniquingKeysWith: { first, _ in first })
        request.ports = ports
        return request
    }

    private static func freeName(_ prefix: String, beside others: [Endpoint]) -> String {
        let taken = Set(others.map(\.interfaceName))
        var number = 0
        while taken.contains("\(prefix)\(number)") { number += 1 }
        return "\(prefix)\(number)"
    }

    /// Bindings without a matching exposed port do not count, as in Docker.
    func portRequests() throws -> [PortRequest] {
        let settings = record.settings
        var requests: [PortRequest] = []
        let exposed = settings.exposedPorts.union(settings.host.portBindings.keys)
        for key in exposed.sorted() {
            let port = try PortText.parse(key)
            let transport = PortRequest.Transport(rawValue: port.proto) ?? .tcp
            let bindings = settings.host.portBindings[key] ?? []
            for binding in bindings {
                requests.append(
                    PortRequest(
                        containerPort: port.number, transport: transport, hostAddress: binding.hostAddress,
                        hostPorts: try PortText.hostRange(binding.hostPort)))
            }
            if bindings.isEmpty, settings.host.publishAllPorts || settings.host.portBindings[key] != nil {
                requests.append(PortRequest(containerPort: port.number, transport: transport))
            }
        }
        return requests
    }

    func published(_ endpoints: [Endpoint]) -> [String: [PublishedPort]] {
        var result: [String: [PublishedPort]] = [:]
        for key in record.settings.exposedPorts { result[key] = [] }
        for port in endpoints.flatMap(\.ports) {
            result["\(port.containerPort)/\(port.transport.rawValue)", default: []].append(
                PublishedPort(hostAddress: port.hostAddress, hostPort: port.hostPort))
        }
        return result
    }
}

internal import Essentials
package import LinuxSystem
internal import Netlink

/// The way out of a container that is in several networks.
extension NetworkController {
    /// Leads a running container's default route through its attachment to a network.
    /// - Parameter wanted: published there; empty when the container has ports published already.
    package func leadOut(
        container: String, through nameOrID: String, namespace: OwnedDescriptor, ports wanted: [PortRequest]
    ) async throws {
        let network = try network(nameOrID)
        guard var endpoint = endpoints(ofContainer: container).first(where: { $0.networkID == network.id }) else {
            throw GantryError.notFound("container \(container) is not connected to network \(nameOrID)")
        }
        let inside = try NamespaceThread.run(in: namespace) { try RouteSocket() }
        if let link = try inside.link(named: endpoint.interfaceName) { try Self.setRoutes(endpoint, in: inside, link: link.index) }
        guard !wanted.isEmpty else { return }
        endpoint.ports = try reserve(wanted, for: endpoint, in: network)
        endpoints[endpoint.id] = endpoint
        do {
            try table.save(endpoint)
            try firewall(portElements("add", endpoint))
            try await serve(endpoint)
        } catch {
            for channel in try ports().release(endpoint.id) { await close(channel) }
            endpoint.ports = []
            endpoints[endpoint.id] = endpoint
            throw error
        }
    }

    func reserve(_ wanted: [PortRequest], for endpoint: Endpoint, in network: Network) throws -> [PortBinding] {
        try ports().reserve(
            wanted, endpoint: endpoint.id, name: endpoint.containerName, containerAddress: endpoint.ipv4Address,
            defaultAddress: network.options[BridgeOption.hostBinding] ?? "0.0.0.0")
    }

    static func setRoutes(_ endpoint: Endpoint, in socket: RouteSocket, link: Int32) throws {
        for text in [endpoint.gateway, endpoint.ipv6Gateway] {
            if let gateway = IPAddress(text) { try socket.setDefaultRoute(gateway: gateway, link: link) }
        }
    }
}

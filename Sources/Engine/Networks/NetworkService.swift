import Essentials
import Networks

/// Networks as the user sees them: the controller's, with the containers in them.
struct NetworkService: NetworkOperations {
    let context: EngineContext

    func create(_ request: NetworkCreateRequest) async throws -> (id: String, warning: String) {
        guard !request.ingress else { throw GantryError.unavailable(NotOffered.swarm) }
        guard !request.configOnly, request.configFrom.isEmpty else {
            throw GantryError.unsupported("configuration-only networks are not supported")
        }
        guard ["", "local"].contains(request.scope) else { throw GantryError.unavailable(NotOffered.swarm) }
        guard ["", "default"].contains(request.ipamDriver) else {
            throw GantryError.notFound("could not find ipam driver: \(request.ipamDriver)")
        }
        var specification = NetworkSpecification(name: request.name)
        specification.driver = request.driver.isEmpty ? "bridge" : request.driver
        specification.isInternal = request.isInternal
        specification.attachable = request.attachable
        specification.enableIPv4 = request.enableIPv4 ?? true
        specification.enableIPv6 = request.enableIPv6 ?? false
        specification.ipamOptions = request.ipamOptions
        specification.pools = request.pools.map {
            Network.Pool(subnet: $0.subnet, ipRange: $0.ipRange, gateway: $0.gateway, auxiliaryAddresses: $0.auxiliaryAddresses)
        }
        specification.options = request.options
        specification.labels = request.labels
        let network = try await context.networks.create(specification)
        context.events.publish("network", "create", actor: network.id, attributes: ["name": network.name, "type": network.driver])
        return (network.id, "")
    }

    func list(filters: [String: [String]]) async throws -> [NetworkDetails] {
        let known: Set<String> = ["driver", "id", "label", "name", "scope", "type", "dangling"]
        for key in filters.keys.sorted() where !known.contains(key) { throw GantryError.invalid("invalid filter '\(key)'") }
        for type in filters["type"] ?? [] where !["builtin", "custom"].contains(type) {
            throw GantryError.invalid("invalid filter: 'type'='\(type)'")
        }
        var result: [NetworkDetails] = []
        for network in await context.networks.list() where try await admits(network, filters) {
            result.append(try await details(network, members: false))
        }
        return result.sorted { $0.name < $1.name }
    }

    private func admits(_ network: Network, _ filters: [String: [String]]) async throws -> Bool {
        func any(_ key: String, _ test: (String) -> Bool) -> Bool { filters[key].map { $0.contains(where: test) } ?? true }
        let unused = try await isUnused(network)
        let labels = (filters["label"] ?? []).allSatisfy { PruneFilter.matches($0, network.labels) }
        return labels && any("driver") { $0 == network.driver } && any("id") { network.id.hasPrefix($0) }
            && any("name") { network.name.contains($0) } && any("scope") { $0 == "local" }
            && any("type") { ($0 == "builtin") == network.isPredefined }
            && any("dangling") { (["1", "true"].contains($0.lowercased())) == unused }
    }

    private func isUnused(_ network: Network) async throws -> Bool {
        guard !network.isPredefined else { return false }
        return try await context.networks.endpoints(of: network.id).isEmpty
    }

    func details(_ name: NameOrID) async throws -> NetworkDetails {
        try await details(try await context.networks.network(name), members: true)
    }

    private func details(_ network: Network, members: Bool) async throws -> NetworkDetails {
        let endpoints = members ? try await context.networks.endpoints(of: network.id) : []
        return NetworkDetails(
            id: network.id, name: network.name, createdAt: network.createdAt, scope: "local", driver: network.driver,
            isInternal: network.isInternal, attachable: network.attachable, enableIPv4: network.enableIPv4,
            enableIPv6: network.enableIPv6,
            ipamDriver: "default", ipamOptions: network.ipamOptions,
            pools: network.pools.map { pool in
                var result = AddressPool()
                result.subnet = pool.subnet
                result.ipRange = pool.ipRange
                result.gateway = pool.gateway
                result.auxiliaryAddresses = pool.auxiliaryAddresses
                return result
            }, options: network.options, labels: network.labels,
            members: endpoints.map(member))
    }

    private func member(_ endpoint: Endpoint) -> NetworkDetails.Member {
        NetworkDetails.Member(
            containerID: endpoint.containerID, name: endpoint.containerName, endpointID: endpoint.id,
            macAddress: endpoint.macAddress,
            ipv4Address: endpoint.ipv4Address.isEmpty ? "" : "\(endpoint.ipv4Address)/\(endpoint.ipv4PrefixLength)",
            ipv6Address: endpoint.ipv6Address.isEmpty ? "" : "\(endpoint.ipv6Address)/\(endpoint.ipv6PrefixLength)")
    }

    func remove(_ name: NameOrID) async throws {
        let network = try await context.networks.network(name)
        try await context.networks.remove(network.id)
        context.events.publish("network", "destroy", actor: network.id, attributes: ["name": network.name, "type": network.driver])
    }

    func connect(_ network: NameOrID, container: NameOrID, settings: NetworkAttachmentSettings) async throws {
        let found = try await context.networks.network(network)
        try await context.container(container).connect(to: found, settings: settings)
    }

    func disconnect(_ network: NameOrID, container: NameOrID, force: Bool) async throws {
        let found = try await context.networks.network(network)
        do {
            try await context.container(container).disconnect(from: found)
        } catch let error as GantryError where force && error.kind == .notFound {
            // A container that is gone may have left its endpoint: that is what force is for.
            try await context.networks.detach(container: container, network: found.id)
        }
    }

    func prune(filters: [String: [String]]) async throws -> PruneReport {
        let filter = try PruneFilter(filters)
        var report = PruneReport(removed: [], reclaimed: 0)
        var used: Set<String> = []
        for container in context.allContainers {
            for attachment in await container.record.attachments { used.formUnion([attachment.networkID, attachment.networkName]) }
        }
        for network in await context.networks.list() {
            guard try await isUnused(network), !used.contains(network.id), !used.contains(network.name),
                filter.admits(labels: network.labels, createdAt: network.createdAt)
            else { continue }
            try await remove(network.id)
            report.removed.append(network.name)
        }
        context.events.publish("network", "prune", actor: "", attributes: ["reclaimed": "0"])
        return report
    }
}

/// Sentences for what Docker offers and Gantry does not.
package enum NotOffered {
    package static let swarm =
        "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" to connect this node to swarm and try again."
}

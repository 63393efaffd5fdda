internal import Essentials
internal import Logging
internal import Netlink

/// Making and removing networks.
extension NetworkController {
    /// Makes a network and its bridge.
    /// - Throws: Docker's words for a name, driver or subnet that cannot be.
    package func create(_ specification: NetworkSpecification) async throws -> Network {
        try check(specification)
        var network = Network(id: Identifier.random(), name: specification.name, driver: "bridge", createdAt: .now())
        network.isInternal = specification.isInternal
        network.attachable = specification.attachable
        network.enableIPv4 = specification.enableIPv4
        network.enableIPv6 = specification.enableIPv6 || specification.pools.contains { $0.subnet.contains(":") }
        network.options = specification.options
        network.labels = specification.labels
        network.ipamOptions = specification.ipamOptions
        network.hasUserSubnet = specification.pools.contains { !$0.subnet.isEmpty }
        network.pools = try completePools(specification.pools, of: network)
        let bridge = bridgeName(of: network)
        if networks.values.contains(where: { $0.driver == "bridge" && bridgeName(of: $0) == bridge }) {
            throw GantryError.denied("bridge name `\(bridge)` is in use by another network")
        }
        try insert(network)
        return network
    }

    private func insert(_ network: Network) throws {
        do {
            try table.save(network)
            networks[network.id] = network
            try raiseBridge(of: network)
            if network.enableIPv6 { try enableForwarding() }
            try firewall(ruleSet().elements("add", ruleBridge(network)))
            publishInternals()
        } catch {
            networks[network.id] = nil
            do {
                try lowerBridge(of: network)
                try table.deleteNetwork(network.id)
            } catch let cleanup {
                logger.warning("remains of a network", metadata: ["network": "\(network.name)", "error": "\(cleanup)"])
            }
            throw error
        }
    }

    private func check(_ specification: NetworkSpecification) throws(GantryError) {
        let name = specification.name
        guard name.contains(where: { !$0.isWhitespace }) else { throw .invalid("invalid name: name is empty") }
        guard !Network.predefinedNames.contains(name), name != "default" else {
            throw .denied("operation is not permitted on predefined \(name) network")
        }
        switch specification.driver {
        case "bridge", "": break
        case "host", "null": throw .denied("only one instance of \"\(specification.driver)\" network is allowed")
        case "overlay":
            throw .unavailable(
                "This node is not a swarm manager. Use \"docker swarm init\" or \"docker swarm join\" "
                    + "to connect this node to swarm and try again."
            )
        default: throw .notFound("plugin \"\(specification.driver)\" not found")
        }
        guard specification.ipamDriver == "default" || specification.ipamDriver.isEmpty else {
            throw .notFound("plugin \"\(specification.ipamDriver)\" not found")
        }
        guard specification.enableIPv4 else {
            throw .unsupported("networks without IPv4 are not supported", hint: "leave IPv4 on and add --ipv6")
        }
        guard !networks.values.contains(where: { $0.name == name }) else {
            throw .conflict("network with name \(name) already exists")
        }
        try PoolCheck.check(specification.pools)
        try BridgeOption.check(specification.options)
    }

    /// Chooses subnets and gateways that were left open.
    private func completePools(_ asked: [Network.Pool], of network: Network) throws -> [Network.Pool] {
        let others = networks.values.flatMap { $0.pools.compactMap { IPSubnet($0.subnet) } }
        var pools: [Network.Pool] = []
        for pool in asked where !pool.subnet.isEmpty {
            guard let subnet = IPSubnet(pool.subnet) else { continue }
            guard !(others + pools.compactMap { IPSubnet($0.subnet) }).contains(where: { $0.overlaps(subnet) }) else {
                throw GantryError.denied("invalid pool request: Pool overlaps with other one on this address space")
            }
            pools.append(pool)
        }
        if !pools.contains(where: { !$0.subnet.contains(":") }) {
            let subnet = try SubnetPool(configuration.pools).next(taken: try takenSubnets())
            pools.insert(Network.Pool(subnet: subnet.description), at: 0)
        }
        if network.enableIPv6, !pools.contains(where: { $0.subnet.contains(":") }) {
            // A unique local /64 (RFC 4193) from the network's own random id.
            let digits = Array(network.id.prefix(14))
            let groups = [String(digits[0..<2]), String(digits[2..<6]), String(digits[6..<10]), String(digits[10..<14])]
            pools.append(
                Network.Pool(
                    subnet: IPSubnet("fd\(groups[0]):\(groups[1]):\(groups[2]):\(groups[3])::/64")?.description ?? "fd00::/64"))
        }
        return try pools.map { pool throws(GantryError) in
            var pool = pool
            if pool.gateway.isEmpty {
                let allocator = try AddressAllocator(pool)
                var gateway = allocator.firstHost
                if allocator.reserved.contains(gateway) {
                    guard let free = allocator.next(used: []) else {
                        throw .denied("no address is left for the gateway of \(pool.subnet)")
                    }
                    gateway = free
                }
                pool.gateway = gateway.description
            }
            return pool
        }
    }

    /// Removes a network that nothing is attached to.
    package func remove(_ nameOrID: String) async throws {
        let network = try network(nameOrID)
        guard !network.isPredefined else {
            throw GantryError.denied("\(network.name) is a pre-defined network and cannot be removed")
        }
        let active = try endpoints(of: network.id)
        guard active.isEmpty else {
            let list = active.map { "name:\"\($0.containerName)\" id:\"\(Identifier.short($0.containerID))\"" }.joined(
                separator: ", ")
            throw GantryError.denied("error while removing network: network \(network.name) has active endpoints (\(list))")
        }
        try lowerBridge(of: network)
        try table.deleteNetwork(network.id)
        networks[network.id] = nil
        try firewall(ruleSet().elements("delete", ruleBridge(network)))
        publishInternals()
    }

    /// Removes the user-defined networks that `filter` accepts and nothing is attached to. - Returns: their names.
    package func prune(_ filter: @Sendable (Network) -> Bool) async throws -> [String] {
        var removed: [String] = []
        for network in list() where !network.isPredefined && filter(network) {
            guard try endpoints(of: network.id).isEmpty else { continue }
            try await remove(network.id)
            removed.append(network.name)
        }
        return removed
    }

    /// `bridge`, `host` and `none`, made at the first start.
    func makePredefined() throws {
        for (name, driver) in [("none", "null"), ("host", "host")] where !networks.values.contains(where: { $0.name == name }) {
            let network = Network(id: Identifier.random(), name: name, driver: driver, createdAt: .now())
            try table.save(network)
            networks[network.id] = network
        }
        var bridge =
            networks.values.first { $0.isDefaultBridge }
            ?? Network(
                id: Identifier.random(), name: "bridge", driver: "bridge", createdAt: .now())
        if let text = configuration.defaultBridgeAddress {
            guard let (address, length) = IPSubnet.parse(text), address.family == .v4, length <= 30 else {
                throw GantryError.invalid(
                    "invalid bridge address `\(text)`", hint: "write an address with its prefix length, 172.17.0.1/16")
            }
            let subnet = IPSubnet(containing: address, prefixLength: length)
            bridge.pools = [Network.Pool(subnet: subnet.description, gateway: address.description)]
        } else if bridge.pools.isEmpty {
            let subnet = try SubnetPool(configuration.pools).next(taken: try takenSubnets())
            var pool = Network.Pool(subnet: subnet.description)
            pool.gateway = try AddressAllocator(pool).firstHost.description
            bridge.pools = [pool]
        }
        bridge.options = [
            BridgeOption.defaultBridge: "true", BridgeOption.enableICC: "true", BridgeOption.masquerade: "true",
            BridgeOption.hostBinding: "0.0.0.0", BridgeOption.bridgeName: configuration.bridgeName,
            BridgeOption.mtu: "\(configuration.mtu)",
        ]
        try table.save(bridge)
        networks[bridge.id] = bridge
    }
}

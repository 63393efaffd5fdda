internal import Essentials
internal import Glibc
internal import LinuxSystem
internal import Logging
internal import Netlink

/// Bridges, forwarding and rules in the kernel.
extension NetworkController {
    func bridgeName(of network: Network) -> String {
        if let name = network.options[BridgeOption.bridgeName], !name.isEmpty { return name }
        return network.isDefaultBridge ? configuration.bridgeName : "br-\(Identifier.short(network.id))"
    }

    func mtu(of network: Network) -> UInt32 { network.options[BridgeOption.mtu].flatMap { UInt32($0) } ?? configuration.mtu }

    /// Makes the bridge unless it is there, gives it the gateways' addresses and puts it up. Repeating it changes nothing.
    func raiseBridge(of network: Network) throws {
        let socket = try socket()
        let name = bridgeName(of: network)
        let index: Int32
        if let link = try socket.link(named: name) {
            guard link.kind == "bridge" else {
                throw GantryError.conflict(
                    "cannot use `\(name)` for network \(network.name): it is a link of kind `\(link.kind)`, not a bridge")
            }
            index = link.index
        } else {
            index = try socket.createBridge(name: name, mtu: mtu(of: network))
            try socket.set(LinkChange(alias: "\(configuration.linkMark)network:\(network.id)"), link: index)
        }
        // A container's router advertisements do not make it the host's gateway (CVE-2020-13401).
        try Self.setIPv6("accept_ra", "0", link: name)
        let hasAddress = network.options[BridgeOption.inhibitIPv4].flatMap { Bool(goText: $0) } != true
        for pool in network.pools where hasAddress {
            guard let subnet = IPSubnet(pool.subnet), let gateway = IPAddress(pool.gateway) else { continue }
            try socket.addAddress(gateway, prefixLength: subnet.prefixLength, link: index)
        }
        try socket.set(LinkChange(up: true), link: index)
    }

    /// Writes one of the kernel's values for a link in this thread's namespace; a kernel without IPv6 has none.
    static func setIPv6(_ name: String, _ value: String, link: String) throws {
        do throws(SystemError) { try FileSystem.writeControl("/proc/sys/net/ipv6/conf/\(link)/\(name)", value) } catch {
            guard error.errno == ENOENT else { throw error }
        }
    }

    /// Removes a bridge that we made; one of somebody else stays.
    func lowerBridge(of network: Network) throws {
        let name = bridgeName(of: network)
        guard let link = try socket().link(named: name), link.alias == "\(configuration.linkMark)network:\(network.id)" else {
            return
        }
        try socket().deleteLink(named: name)
    }

    /// Deletes links with our mark that no record knows.
    func removeStrayLinks() throws {
        let known = Set(networks.keys.map { "network:\($0)" } + endpoints.keys.map { "endpoint:\($0)" })
        for link in try socket().links() where link.alias.hasPrefix(configuration.linkMark) {
            guard !known.contains(String(link.alias.dropFirst(configuration.linkMark.count))) else { continue }
            logger.info("left-over link removed", metadata: ["link": "\(link.name)"])
            try socket().deleteLink(named: link.name)
        }
    }

    /// Lets the host pass packets on. Files of /proc/sys/net are those of this thread's namespace.
    func enableForwarding() throws(GantryError) {
        var paths = ["/proc/sys/net/ipv4/ip_forward"]
        if networks.values.contains(where: \.enableIPv6) { paths.append("/proc/sys/net/ipv6/conf/all/forwarding") }
        for path in paths {
            do throws(SystemError) {
                if try FileSystem.readText(path).hasPrefix("1") { continue }
                try FileSystem.writeControl(path, "1")
            } catch {
                throw .unavailable("cannot turn on forwarding", cause: error, hint: "set it by hand: echo 1 > \(path)")
            }
        }
    }

    func ruleBridge(_ network: Network) -> RuleSet.Bridge {
        let subnets = network.pools.compactMap { IPSubnet($0.subnet) }
        let masquerade = network.options[BridgeOption.masquerade].flatMap { Bool(goText: $0) } ?? true
        return RuleSet.Bridge(
            name: bridgeName(of: network), subnets4: subnets.filter { $0.base.family == .v4 }.map(\.description),
            subnets6: subnets.filter { $0.base.family == .v6 }.map(\.description), isInternal: network.isInternal,
            masquerades: masquerade)
    }

    func rulePorts(_ endpoint: Endpoint) -> [RuleSet.PublishedPort] {
        endpoint.ports.filter { !$0.hostAddress.contains(":") }.map {
            RuleSet.PublishedPort(
                transport: $0.transport.rawValue, hostAddress: $0.hostAddress, hostPort: $0.hostPort,
                containerAddress: endpoint.ipv4Address, containerPort: $0.containerPort)
        }
    }

    /// The state that the tables should have.
    func ruleSet() -> RuleSet {
        RuleSet(
            table: configuration.tableName, bridges: list().filter { $0.driver == "bridge" }.map(ruleBridge),
            ports: endpoints.values.sorted { $0.id < $1.id }.flatMap(rulePorts))
    }

    func publishInternals() { names.setInternals(Set(networks.values.filter(\.isInternal).map(\.id))) }

    /// Blocks that automatic subnets keep clear of: other networks and everything the host has a route to.
    func takenSubnets() throws -> [IPSubnet] {
        let own = networks.values.flatMap { $0.pools.compactMap { IPSubnet($0.subnet) } }
        let routed = try socket().routes().map(\.destination).filter { $0.prefixLength > 0 }
        let addressed = try socket().addresses().map { IPSubnet(containing: $0.address, prefixLength: $0.prefixLength) }
        return own + routed + addressed
    }
}

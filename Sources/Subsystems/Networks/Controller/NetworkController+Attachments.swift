internal import Essentials
package import LinuxSystem
internal import Logging
internal import NIOCore
internal import Netlink

/// Tying namespaces into networks, and untying them.
extension NetworkController {
    /// Makes the link, gives it addresses and routes, publishes the ports and records it all; or leaves nothing behind.
    package func attach(_ request: AttachmentRequest) async throws -> Endpoint {
        let network = try network(request.network)
        guard network.driver == "bridge" else {
            throw GantryError.denied("container cannot be disconnected from host network or connected to host network")
        }
        guard !endpoints.values.contains(where: { $0.networkID == network.id && $0.containerID == request.containerID }) else {
            throw GantryError.denied("endpoint with name \(request.containerName) already exists in network \(network.name)")
        }
        var endpoint = try plan(request, in: network)
        if !network.isInternal, !request.ports.isEmpty {
            endpoint.ports = try reserve(request.ports, for: endpoint, in: network)
        }
        // Taken before the first wait, so that nobody else gets the same address.
        endpoints[endpoint.id] = endpoint
        do {
            try connect(endpoint, request, network)
            try table.save(endpoint)
            try firewall(portElements("add", endpoint))
            names.insert(endpoint)
            try await serve(endpoint)
            return endpoint
        } catch {
            await undo(endpoint)
            throw GantryError(
                (error as? GantryError)?.kind ?? .unavailable, "cannot attach \(request.containerName) to network \(network.name)",
                cause: error)
        }
    }

    func portElements(_ verb: String, _ endpoint: Endpoint) -> String {
        let rules = RuleSet(table: configuration.tableName)
        return rulePorts(endpoint).map { rules.element(verb, $0) }.joined()
    }

    /// Addresses and names, decided before anything is done.
    private func plan(_ request: AttachmentRequest, in network: Network) throws -> Endpoint {
        if request.ipv4Address != nil || request.ipv6Address != nil, !network.hasUserSubnet {
            throw GantryError.invalid(
                "invalid config for network \(network.name): invalid endpoint settings:\n"
                    + "user specified IP address is supported only when connecting to networks with user configured subnets")
        }
        guard let (address4, pool4) = try allocate(.v4, request.ipv4Address, in: network) else {
            throw GantryError.unavailable("network \(network.name) has no IPv4 subnet")
        }
        let mac: MACAddress
        if let text = request.macAddress, !text.isEmpty {
            guard let parsed = MACAddress(text) else { throw GantryError.invalid("invalid MAC address: \(text)") }
            mac = parsed
        } else {
            mac = MACAddress(derivedFrom: address4)
        }
        var names = [request.containerName] + request.aliases + [Identifier.short(request.containerID)]
        if !request.hostname.isEmpty { names.append(request.hostname) }
        var seen: Set<String> = []
        names = names.filter { !$0.isEmpty && seen.insert($0).inserted }
        var endpoint = Endpoint(
            id: Identifier.random(), networkID: network.id, networkName: network.name, containerID: request.containerID,
            containerName: request.containerName, names: names, links: request.links, ipv4Address: address4.description,
            ipv4PrefixLength: IPSubnet(pool4.subnet)?.prefixLength ?? 32, gateway: network.isInternal ? "" : pool4.gateway,
            macAddress: mac.description, interfaceName: request.interfaceName, hostInterfaceName: try freeLinkName())
        if let (address6, pool6) = try allocate(.v6, request.ipv6Address, in: network) {
            endpoint.ipv6Address = address6.description
            endpoint.ipv6PrefixLength = IPSubnet(pool6.subnet)?.prefixLength ?? 128
            endpoint.ipv6Gateway = network.isInternal ? "" : pool6.gateway
        }
        return endpoint
    }

    private func allocate(_ family: IPAddress.Family, _ asked: String?, in network: Network) throws -> (IPAddress, Network.Pool)? {
        let used = Set(
            (Array(endpoints.values) + leaving.values).filter { $0.networkID == network.id }.flatMap {
                [IPAddress($0.ipv4Address), IPAddress($0.ipv6Address)]
            }.compactMap { $0 })
        let pools = network.pools.filter { IPSubnet($0.subnet)?.base.family == family }
        if let asked, !asked.isEmpty {
            guard let address = IPAddress(asked), address.family == family else {
                throw GantryError.invalid("invalid IP address: \(asked)")
            }
            for pool in pools where IPSubnet(pool.subnet)?.contains(address) == true {
                return (try AddressAllocator(pool).claim(address, used: used), pool)
            }
            throw GantryError.invalid(
                "invalid config for network \(network.name): invalid endpoint settings:\n"
                    + "no configured subnet contains IP address \(asked)"
            )
        }
        for pool in pools {
            if let address = try AddressAllocator(pool).next(used: used) { return (address, pool) }
        }
        guard pools.isEmpty else {
            throw GantryError.denied(
                "no available IPv\(family == .v4 ? 4 : 6) addresses on this network's address pools: "
                    + "\(network.name) (\(network.id))"
            )
        }
        return nil
    }

    /// `veth` and seven random digits that no link has.
    private func freeLinkName() throws -> String {
        while true {
            let name = "veth" + Identifier.randomHex(bytes: 4).prefix(7)
            if try socket().link(named: name) == nil { return name }
        }
    }

    /// Everything in the kernel: the pair, its place in the bridge, and the inside.
    private func connect(_ endpoint: Endpoint, _ request: AttachmentRequest, _ network: Network) throws {
        let socket = try socket()
        guard let bridge = try socket.link(named: bridgeName(of: network)) else {
            throw GantryError.unavailable(
                "bridge `\(bridgeName(of: network))` is gone", hint: "restart the daemon to make it again")
        }
        let index = try socket.createVeth(
            name: endpoint.hostInterfaceName, peerName: endpoint.interfaceName, peerNamespace: request.namespace,
            peerAddress: MACAddress(endpoint.macAddress), mtu: mtu(of: network))
        try socket.set(
            LinkChange(up: true, alias: "\(configuration.linkMark)endpoint:\(endpoint.id)", master: bridge.index), link: index)
        let isolated = network.options[BridgeOption.enableICC].flatMap { Bool(goText: $0) } == false
        try socket.setPort(hairpin: true, isolated: isolated, link: index)
        let inside = try NamespaceThread.run(in: request.namespace) {
            // No address of IPv6 by itself either, so that nothing goes past the rules of a network without it (CVE-2024-32473).
            if endpoint.ipv6Address.isEmpty { try Self.setIPv6("disable_ipv6", "1", link: endpoint.interfaceName) }
            return try RouteSocket()
        }
        guard let peer = try inside.link(named: endpoint.interfaceName) else {
            throw GantryError.unavailable("the new link `\(endpoint.interfaceName)` is not in its namespace")
        }
        if let loopback = try inside.link(named: "lo"), !loopback.isUp {
            try inside.set(LinkChange(up: true), link: loopback.index)
        }
        let addresses =
            [(endpoint.ipv4Address, endpoint.ipv4PrefixLength), (endpoint.ipv6Address, endpoint.ipv6PrefixLength)]
            + request.linkLocalAddresses.map { ($0, 16) }
        for (text, length) in addresses {
            if let address = IPAddress(text) { try inside.addAddress(address, prefixLength: length, link: peer.index) }
        }
        try inside.set(LinkChange(up: true), link: peer.index)
        if request.isGateway { try Self.setRoutes(endpoint, in: inside, link: peer.index) }
        try NamespaceThread.run(in: request.namespace) { [sysctls = request.sysctls] in
            for (path, value) in sysctls {
                let path = path.replacing("IFNAME", with: endpoint.interfaceName)
                do throws(SystemError) { try FileSystem.writeControl("/proc/sys/\(path)", value) } catch {
                    throw GantryError.invalid("cannot set the sysctl `\(path)` to `\(value)`", cause: error)
                }
            }
        }
    }

    /// Starts the forwarders of the ports that are reserved.
    func serve(_ endpoint: Endpoint) async throws {
        for (binding, socket) in try ports().sockets(of: endpoint.id) {
            let target = try SocketAddress(ipAddress: endpoint.ipv4Address, port: Int(binding.containerPort))
            let channel =
                binding.transport == .tcp
                ? try await StreamForwarder.start(socket, target: target, group: socketGroup)
                : try await DatagramForwarder.start(socket, target: target, group: socketGroup)
            try ports().keep(channel, for: endpoint.id)
        }
    }

    /// Unties a container from one network.
    package func detach(container: String, network nameOrID: String) async throws {
        let network = try network(nameOrID)
        guard let endpoint = endpoints.values.first(where: { $0.networkID == network.id && $0.containerID == container }) else {
            throw GantryError.internal("container \(container) is not connected to network \(network.name)")
        }
        await undo(endpoint, atOnce: true)
    }

    /// Unties a container from everything; what cannot be undone is logged and found again at the next start.
    package func detachAll(container: String) async {
        await stopResolver(container: container)
        for endpoint in endpoints(ofContainer: container) { await undo(endpoint) }
    }

    /// Takes back whatever of an endpoint is there.
    /// - Parameter atOnce: the link is gone when this returns; without it nobody has to see that, for its container has ended.
    private func undo(_ endpoint: Endpoint, atOnce: Bool = false) async {
        guard endpoints.removeValue(forKey: endpoint.id) != nil else { return }
        names.remove(endpoint.id)
        func attempt(_ what: String, _ body: () throws -> Void) {
            do { try body() } catch {
                logger.warning(
                    "cannot undo an attachment", metadata: ["endpoint": "\(endpoint.id)", "step": "\(what)", "error": "\(error)"])
            }
        }
        attempt("firewall") {
            for port in rulePorts(endpoint) {
                // Each alone: one that was never added must not keep the others. An element that is not there is added first.
                let rules = RuleSet(table: configuration.tableName)
                try firewall(rules.element("add", port) + rules.element("delete", port))
            }
        }
        attempt("record") { try table.deleteEndpoint(endpoint.id) }
        if let ports = try? ports() {
            for channel in ports.release(endpoint.id) { await close(channel) }
        }
        if atOnce {
            attempt("link") { try socket().deleteLink(named: endpoint.hostInterfaceName) }
        } else {
            release(linkOf: endpoint)
        }
    }

    /// Serves a container's ports and names again after a restart of the daemon. What still exists is left as it is.
    package func restore(container: String, namespace: OwnedDescriptor, servers: [String] = []) async throws {
        let mine = endpoints(ofContainer: container)
        for endpoint in mine where !endpoint.ports.isEmpty {
            for (binding, error) in try ports().reclaim(endpoint.ports, endpoint: endpoint.id) {
                logger.error(
                    "published port cannot be served again",
                    metadata: [
                        "container": "\(container)", "port": "\(binding.hostAddress):\(binding.hostPort)", "error": "\(error)",
                    ])
            }
            try await serve(endpoint)
        }
        if mine.contains(where: { $0.networkName != "bridge" }) {
            try await startResolver(container: container, namespace: namespace, servers: servers)
        }
    }

    /// Gives a container's live attachments its new name.
    package func rename(container: String, to name: String) throws {
        for var endpoint in endpoints(ofContainer: container) {
            endpoint.names = [name] + endpoint.names.filter { $0 != endpoint.containerName && $0 != name }
            endpoint.containerName = name
            try table.save(endpoint)
            endpoints[endpoint.id] = endpoint
            names.insert(endpoint)
        }
    }
}

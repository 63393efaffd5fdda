internal import DockerAPI
internal import Engine
internal import Essentials

extension NetworkSettings {
    init(_ details: ContainerDetails, version: APIVersion) {
        self.init()
        if let processID = details.phase.processID {
            sandboxID = details.id
            // For `nsenter --net`: no file of its own leads to the namespace.
            sandboxKey = "/proc/\(processID)/ns/net"
        }
        for (key, bindings) in details.ports {
            ports[key] = .some(bindings.isEmpty ? nil : bindings.map(PortBinding.init))
        }
        for endpoint in details.networks {
            networks[endpoint.networkName] = EndpointSettings(endpoint, container: details, version: version)
        }
        guard let bridge = networks["bridge"] else { return }
        endpointID = bridge.endpointID
        gateway = bridge.gateway
        ipAddress = bridge.ipAddress
        ipPrefixLen = bridge.ipPrefixLen
        globalIPv6Address = bridge.globalIPv6Address
        globalIPv6PrefixLen = bridge.globalIPv6PrefixLen
        ipv6Gateway = bridge.ipv6Gateway
        macAddress = bridge.macAddress
    }
}

extension PortBinding {
    init(_ port: PublishedPort) {
        self.init()
        hostIp = port.hostAddress
        hostPort = String(port.hostPort)
    }
}

extension EndpointSettings {
    init(_ endpoint: EndpointDetails, container: ContainerDetails, version: APIVersion) {
        self.init()
        let settings = endpoint.settings
        if settings.ipv4Address != nil || settings.ipv6Address != nil || !settings.linkLocalAddresses.isEmpty {
            var addresses = EndpointIPAMConfig()
            addresses.ipv4Address = settings.ipv4Address ?? ""
            addresses.ipv6Address = settings.ipv6Address ?? ""
            addresses.linkLocalIPs = settings.linkLocalAddresses
            ipamConfig = addresses
        }
        links = settings.links
        aliases = settings.aliases
        let isDefault = ["bridge", "host", "none"].contains(endpoint.networkName)
        // Before 1.45 the short id stood among the aliases of user-defined networks.
        if version < APIVersion(1, 45), !isDefault { aliases.append(Identifier.short(container.id)) }
        driverOpts = settings.driverOptions
        gwPriority = settings.gatewayPriority
        macAddress = endpoint.macAddress
        networkID = endpoint.networkID
        endpointID = endpoint.endpointID
        gateway = endpoint.gateway
        ipAddress = endpoint.ipv4Address
        ipPrefixLen = endpoint.ipv4PrefixLength
        ipv6Gateway = endpoint.ipv6Gateway
        globalIPv6Address = endpoint.ipv6Address
        globalIPv6PrefixLen = endpoint.ipv6PrefixLength
        dnsNames = endpoint.dnsNames
    }
}

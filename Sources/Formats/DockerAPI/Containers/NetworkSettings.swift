/// A container's place in its networks. Source: Engine API 1.51, NetworkSettings.
///
/// The top-level addresses are those of the default bridge.
package struct NetworkSettings: Codable, Sendable, Hashable {
    @Lenient package var bridge = ""
    @Lenient package var sandboxID = ""
    @Lenient package var sandboxKey = ""
    /// Published ports while running; null for exposed but unpublished ones.
    @Lenient package var ports: [String: [PortBinding]?] = [:]
    @Lenient package var hairpinMode = false
    @Lenient package var linkLocalIPv6Address = ""
    @Lenient package var linkLocalIPv6PrefixLen: Int = 0
    @NullEmpty package var secondaryIPAddresses: [IPAddressBody] = []
    @NullEmpty package var secondaryIPv6Addresses: [IPAddressBody] = []
    @Lenient package var endpointID = ""
    @Lenient package var gateway = ""
    @Lenient package var globalIPv6Address = ""
    @Lenient package var globalIPv6PrefixLen: Int = 0
    @Lenient package var ipAddress = ""
    @Lenient package var ipPrefixLen: Int = 0
    @Lenient package var ipv6Gateway = ""
    @Lenient package var macAddress = ""
    @Lenient package var networks: [String: EndpointSettings] = [:]

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case bridge = "Bridge"
        case sandboxID = "SandboxID"
        case sandboxKey = "SandboxKey"
        case ports = "Ports"
        case hairpinMode = "HairpinMode"
        case linkLocalIPv6Address = "LinkLocalIPv6Address"
        case linkLocalIPv6PrefixLen = "LinkLocalIPv6PrefixLen"
        case secondaryIPAddresses = "SecondaryIPAddresses"
        case secondaryIPv6Addresses = "SecondaryIPv6Addresses"
        case endpointID = "EndpointID"
        case gateway = "Gateway"
        case globalIPv6Address = "GlobalIPv6Address"
        case globalIPv6PrefixLen = "GlobalIPv6PrefixLen"
        case ipAddress = "IPAddress"
        case ipPrefixLen = "IPPrefixLen"
        case ipv6Gateway = "IPv6Gateway"
        case macAddress = "MacAddress"
        case networks = "Networks"
    }
}

extension NetworkSettings: Blank {
    package static var blank: NetworkSettings { NetworkSettings() }
}

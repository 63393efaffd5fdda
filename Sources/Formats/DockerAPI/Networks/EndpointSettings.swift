/// A container's tie to one network: what was asked for and what it got. Source: Engine API 1.51, EndpointSettings.
package struct EndpointSettings: Codable, Sendable, Hashable {
    @Null package var ipamConfig: EndpointIPAMConfig?
    @NullEmpty package var links: [String] = []
    @NullEmpty package var aliases: [String] = []
    @Lenient package var macAddress = ""
    @NullEmpty package var driverOpts: [String: String] = [:]
    @Lenient package var gwPriority: Int = 0
    @Lenient package var networkID = ""
    @Lenient package var endpointID = ""
    @Lenient package var gateway = ""
    @Lenient package var ipAddress = ""
    @Lenient package var ipPrefixLen: Int = 0
    @Lenient package var ipv6Gateway = ""
    @Lenient package var globalIPv6Address = ""
    @Lenient package var globalIPv6PrefixLen: Int = 0
    @NullEmpty package var dnsNames: [String] = []

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case ipamConfig = "IPAMConfig"
        case links = "Links"
        case aliases = "Aliases"
        case macAddress = "MacAddress"
        case driverOpts = "DriverOpts"
        case gwPriority = "GwPriority"
        case networkID = "NetworkID"
        case endpointID = "EndpointID"
        case gateway = "Gateway"
        case ipAddress = "IPAddress"
        case ipPrefixLen = "IPPrefixLen"
        case ipv6Gateway = "IPv6Gateway"
        case globalIPv6Address = "GlobalIPv6Address"
        case globalIPv6PrefixLen = "GlobalIPv6PrefixLen"
        case dnsNames = "DNSNames"
    }
}

extension EndpointSettings: Blank {
    package static var blank: EndpointSettings { EndpointSettings() }
}

/// Addresses that a container asks for.
package struct EndpointIPAMConfig: Codable, Sendable, Hashable {
    @OmitEmpty package var ipv4Address = ""
    @OmitEmpty package var ipv6Address = ""
    @OmitEmpty package var linkLocalIPs: [String] = []

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case ipv4Address = "IPv4Address"
        case ipv6Address = "IPv6Address"
        case linkLocalIPs = "LinkLocalIPs"
    }
}

extension EndpointIPAMConfig: Blank {
    package static var blank: EndpointIPAMConfig { EndpointIPAMConfig() }
}

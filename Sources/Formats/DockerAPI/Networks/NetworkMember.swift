/// A container on a network; addresses with prefix length.
package struct NetworkMember: Codable, Sendable, Hashable {
    @Lenient package var name = ""
    @Lenient package var endpointID = ""
    @Lenient package var macAddress = ""
    @Lenient package var ipv4Address = ""
    @Lenient package var ipv6Address = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case name = "Name"
        case endpointID = "EndpointID"
        case macAddress = "MacAddress"
        case ipv4Address = "IPv4Address"
        case ipv6Address = "IPv6Address"
    }
}

extension NetworkMember: Blank {
    package static var blank: NetworkMember { NetworkMember() }
}

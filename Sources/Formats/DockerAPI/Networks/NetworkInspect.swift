/// A network as listed and inspected. Source: Engine API 1.51, Network.
package struct NetworkInspect: Codable, Sendable, Hashable {
    @Lenient package var name = ""
    @Lenient package var id = ""
    @Lenient package var created = ""
    @Lenient package var scope = ""
    @Lenient package var driver = ""
    @Lenient package var enableIPv4 = false
    @Lenient package var enableIPv6 = false
    @Lenient package var ipam = IPAMBody()
    @Lenient package var isInternal = false
    @Lenient package var attachable = false
    @Lenient package var ingress = false
    @Lenient package var configFrom = ConfigReference()
    @Lenient package var configOnly = false
    /// By container id; empty in lists.
    @Lenient package var containers: [String: NetworkMember] = [:]
    @Lenient package var options: [String: String] = [:]
    @Lenient package var labels: [String: String] = [:]

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case name = "Name"
        case id = "Id"
        case created = "Created"
        case scope = "Scope"
        case driver = "Driver"
        case enableIPv4 = "EnableIPv4"
        case enableIPv6 = "EnableIPv6"
        case ipam = "IPAM"
        case isInternal = "Internal"
        case attachable = "Attachable"
        case ingress = "Ingress"
        case configFrom = "ConfigFrom"
        case configOnly = "ConfigOnly"
        case containers = "Containers"
        case options = "Options"
        case labels = "Labels"
    }
}

extension NetworkInspect: Blank {
    package static var blank: NetworkInspect { NetworkInspect() }
}

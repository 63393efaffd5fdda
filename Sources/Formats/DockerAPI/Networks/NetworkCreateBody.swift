/// Body of NetworkCreate. Source: Engine API 1.51, NetworkCreateRequest.
package struct NetworkCreateBody: Codable, Sendable, Hashable {
    @Lenient package var name = ""
    package var checkDuplicate: Bool?
    @Lenient package var driver = ""
    @Lenient package var scope = ""
    package var enableIPv4: Bool?
    package var enableIPv6: Bool?
    package var ipam: IPAMBody?
    @Lenient package var isInternal = false
    @Lenient package var attachable = false
    @Lenient package var ingress = false
    @Lenient package var configOnly = false
    package var configFrom: ConfigReference?
    @NullEmpty package var options: [String: String] = [:]
    @NullEmpty package var labels: [String: String] = [:]

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case name = "Name"
        case checkDuplicate = "CheckDuplicate"
        case driver = "Driver"
        case scope = "Scope"
        case enableIPv4 = "EnableIPv4"
        case enableIPv6 = "EnableIPv6"
        case ipam = "IPAM"
        case isInternal = "Internal"
        case attachable = "Attachable"
        case ingress = "Ingress"
        case configOnly = "ConfigOnly"
        case configFrom = "ConfigFrom"
        case options = "Options"
        case labels = "Labels"
    }
}

extension NetworkCreateBody: Blank {
    package static var blank: NetworkCreateBody { NetworkCreateBody() }
}

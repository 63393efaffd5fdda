/// One host address and port of a container's port; texts, an empty port asks for an ephemeral one.
package struct PortBinding: Codable, Sendable, Hashable {
    @Lenient package var hostIp = ""
    @Lenient package var hostPort = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case hostIp = "HostIp"
        case hostPort = "HostPort"
    }
}

extension PortBinding: Blank {
    package static var blank: PortBinding { PortBinding() }
}

/// Networks by name.
package struct ContainerSummaryNetworks: Codable, Sendable, Hashable {
    @Lenient package var networks: [String: EndpointSettings] = [:]

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case networks = "Networks"
    }
}

extension ContainerSummaryNetworks: Blank {
    package static var blank: ContainerSummaryNetworks { ContainerSummaryNetworks() }
}

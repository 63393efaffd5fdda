/// Networks to join at creation, by name or id.
package struct NetworkingConfig: Codable, Sendable, Hashable {
    @Lenient package var endpointsConfig: [String: EndpointSettings] = [:]

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case endpointsConfig = "EndpointsConfig"
    }
}

extension NetworkingConfig: Blank {
    package static var blank: NetworkingConfig { NetworkingConfig() }
}

/// Body of NetworkConnect.
package struct NetworkConnectBody: Codable, Sendable, Hashable {
    @Lenient package var container = ""
    package var endpointConfig: EndpointSettings?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case container = "Container"
        case endpointConfig = "EndpointConfig"
    }
}

extension NetworkConnectBody: Blank {
    package static var blank: NetworkConnectBody { NetworkConnectBody() }
}

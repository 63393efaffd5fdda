/// Body of NetworkDisconnect.
package struct NetworkDisconnectBody: Codable, Sendable, Hashable {
    @Lenient package var container = ""
    @Lenient package var force = false

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case container = "Container"
        case force = "Force"
    }
}

extension NetworkDisconnectBody: Blank {
    package static var blank: NetworkDisconnectBody { NetworkDisconnectBody() }
}

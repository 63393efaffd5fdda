/// The name of a network that holds the configuration.
package struct ConfigReference: Codable, Sendable, Hashable {
    @Lenient package var network = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case network = "Network"
    }
}

extension ConfigReference: Blank {
    package static var blank: ConfigReference { ConfigReference() }
}

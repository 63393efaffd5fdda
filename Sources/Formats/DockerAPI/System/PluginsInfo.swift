/// Names of the drivers on offer.
package struct PluginsInfo: Codable, Sendable, Hashable {
    @Lenient package var volume: [String] = []
    @Lenient package var network: [String] = []
    @NullEmpty package var authorization: [String] = []
    @Lenient package var log: [String] = []

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case volume = "Volume"
        case network = "Network"
        case authorization = "Authorization"
        case log = "Log"
    }
}

extension PluginsInfo: Blank {
    package static var blank: PluginsInfo { PluginsInfo() }
}

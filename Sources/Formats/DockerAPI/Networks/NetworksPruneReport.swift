/// Answer to NetworkPrune.
package struct NetworksPruneReport: Codable, Sendable, Hashable {
    @NullEmpty package var networksDeleted: [String] = []

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case networksDeleted = "NetworksDeleted"
    }
}

extension NetworksPruneReport: Blank {
    package static var blank: NetworksPruneReport { NetworksPruneReport() }
}

/// Answer to BuildPrune.
package struct BuildPruneReport: Codable, Sendable, Hashable {
    @NullEmpty package var cachesDeleted: [String] = []
    @Lenient package var spaceReclaimed: Int64 = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case cachesDeleted = "CachesDeleted"
        case spaceReclaimed = "SpaceReclaimed"
    }
}

extension BuildPruneReport: Blank {
    package static var blank: BuildPruneReport { BuildPruneReport() }
}

/// Answer to VolumePrune.
package struct VolumesPruneReport: Codable, Sendable, Hashable {
    @Lenient package var volumesDeleted: [String] = []
    @Lenient package var spaceReclaimed: Int64 = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case volumesDeleted = "VolumesDeleted"
        case spaceReclaimed = "SpaceReclaimed"
    }
}

extension VolumesPruneReport: Blank {
    package static var blank: VolumesPruneReport { VolumesPruneReport() }
}

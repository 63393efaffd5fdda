/// Answer to VolumeList.
package struct VolumeListResponse: Codable, Sendable, Hashable {
    @Lenient package var volumes: [Volume] = []
    @NullEmpty package var warnings: [String] = []

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case volumes = "Volumes"
        case warnings = "Warnings"
    }
}

extension VolumeListResponse: Blank {
    package static var blank: VolumeListResponse { VolumeListResponse() }
}

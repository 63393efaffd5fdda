/// Body of VolumeCreate.
package struct VolumeCreateBody: Codable, Sendable, Hashable {
    @OmitEmpty package var driver = ""
    @OmitEmpty package var driverOpts: [String: String] = [:]
    @Null package var labels: [String: String]?
    @OmitEmpty package var name = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case driver = "Driver"
        case driverOpts = "DriverOpts"
        case labels = "Labels"
        case name = "Name"
    }
}

extension VolumeCreateBody: Blank {
    package static var blank: VolumeCreateBody { VolumeCreateBody() }
}

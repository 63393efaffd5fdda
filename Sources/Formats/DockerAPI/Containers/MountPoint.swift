/// A mount as it is in force. Source: Engine API 1.51, MountPoint.
package struct MountPoint: Codable, Sendable, Hashable {
    @OmitEmpty package var type = ""
    @OmitEmpty package var name = ""
    @Lenient package var source = ""
    @Lenient package var destination = ""
    @OmitEmpty package var driver = ""
    @Lenient package var mode = ""
    @Lenient package var rw = false
    @Lenient package var propagation = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case type = "Type"
        case name = "Name"
        case source = "Source"
        case destination = "Destination"
        case driver = "Driver"
        case mode = "Mode"
        case rw = "RW"
        case propagation = "Propagation"
    }
}

extension MountPoint: Blank {
    package static var blank: MountPoint { MountPoint() }
}

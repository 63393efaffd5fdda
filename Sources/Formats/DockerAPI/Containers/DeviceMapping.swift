/// A host device inside a container.
package struct DeviceMapping: Codable, Sendable, Hashable {
    @Lenient package var pathOnHost = ""
    @Lenient package var pathInContainer = ""
    /// Some of `rwm`.
    @Lenient package var cgroupPermissions = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case pathOnHost = "PathOnHost"
        case pathInContainer = "PathInContainer"
        case cgroupPermissions = "CgroupPermissions"
    }
}

extension DeviceMapping: Blank {
    package static var blank: DeviceMapping { DeviceMapping() }
}

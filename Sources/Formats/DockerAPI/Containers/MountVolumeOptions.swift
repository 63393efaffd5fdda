/// Options of a volume mount.
package struct MountVolumeOptions: Codable, Sendable, Hashable {
    @OmitEmpty package var noCopy = false
    @OmitEmpty package var labels: [String: String] = [:]
    @OmitEmpty package var subpath = ""
    package var driverConfig: MountDriverConfig?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case noCopy = "NoCopy"
        case labels = "Labels"
        case subpath = "Subpath"
        case driverConfig = "DriverConfig"
    }
}

extension MountVolumeOptions: Blank {
    package static var blank: MountVolumeOptions { MountVolumeOptions() }
}

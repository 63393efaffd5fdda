/// A volume. Source: Engine API 1.51, Volume.
package struct Volume: Codable, Sendable, Hashable {
    /// RFC 3339 with seconds.
    @OmitEmpty package var createdAt = ""
    @Lenient package var driver = ""
    @Null package var labels: [String: String]?
    @Lenient package var mountpoint = ""
    @Lenient package var name = ""
    @NullEmpty package var options: [String: String] = [:]
    @Lenient package var scope = ""
    package var usageData: VolumeUsage?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case createdAt = "CreatedAt"
        case driver = "Driver"
        case labels = "Labels"
        case mountpoint = "Mountpoint"
        case name = "Name"
        case options = "Options"
        case scope = "Scope"
        case usageData = "UsageData"
    }
}

extension Volume: Blank {
    package static var blank: Volume { Volume() }
}

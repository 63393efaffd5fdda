/// A request for devices by capability. Source: Engine API 1.51, DeviceRequest.
package struct DeviceRequest: Codable, Sendable, Hashable {
    @Lenient package var driver = ""
    /// -1 for all.
    @Lenient package var count: Int = 0
    @NullEmpty package var deviceIDs: [String] = []
    @NullEmpty package var capabilities: [[String]] = []
    @NullEmpty package var options: [String: String] = [:]

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case driver = "Driver"
        case count = "Count"
        case deviceIDs = "DeviceIDs"
        case capabilities = "Capabilities"
        case options = "Options"
    }
}

extension DeviceRequest: Blank {
    package static var blank: DeviceRequest { DeviceRequest() }
}

/// The driver of a volume that a mount creates.
package struct MountDriverConfig: Codable, Sendable, Hashable {
    @OmitEmpty package var name = ""
    @OmitEmpty package var options: [String: String] = [:]

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case name = "Name"
        case options = "Options"
    }
}

extension MountDriverConfig: Blank {
    package static var blank: MountDriverConfig { MountDriverConfig() }
}

/// Options of a tmpfs mount.
package struct MountTmpfsOptions: Codable, Sendable, Hashable {
    /// Bytes; 0 for no limit.
    @OmitEmpty package var sizeBytes: Int64 = 0
    /// Permission bits of Go's FileMode.
    @OmitEmpty package var mode: UInt32 = 0
    package var options: [[String]]?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case sizeBytes = "SizeBytes"
        case mode = "Mode"
        case options = "Options"
    }
}

extension MountTmpfsOptions: Blank {
    package static var blank: MountTmpfsOptions { MountTmpfsOptions() }
}

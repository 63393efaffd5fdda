/// What a volume takes; -1 is unknown.
package struct VolumeUsage: Codable, Sendable, Hashable {
    /// Number of containers that use it.
    @Lenient package var refCount: Int = 0
    @Lenient package var size: Int64 = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case refCount = "RefCount"
        case size = "Size"
    }
}

extension VolumeUsage: Blank {
    package static var blank: VolumeUsage { VolumeUsage() }
}

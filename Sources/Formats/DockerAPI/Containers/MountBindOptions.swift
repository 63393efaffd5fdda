/// Options of a bind mount.
package struct MountBindOptions: Codable, Sendable, Hashable {
    @OmitEmpty package var propagation = ""
    @OmitEmpty package var nonRecursive = false
    @OmitEmpty package var createMountpoint = false
    @OmitEmpty package var readOnlyNonRecursive = false
    @OmitEmpty package var readOnlyForceRecursive = false

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case propagation = "Propagation"
        case nonRecursive = "NonRecursive"
        case createMountpoint = "CreateMountpoint"
        case readOnlyNonRecursive = "ReadOnlyNonRecursive"
        case readOnlyForceRecursive = "ReadOnlyForceRecursive"
    }
}

extension MountBindOptions: Blank {
    package static var blank: MountBindOptions { MountBindOptions() }
}

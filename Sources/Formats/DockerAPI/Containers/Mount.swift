/// One entry of `HostConfig.Mounts`. Source: Engine API 1.51, Mount.
package struct Mount: Codable, Sendable, Hashable {
    /// bind, volume, tmpfs, image, cluster or npipe.
    @OmitEmpty package var type = ""
    @OmitEmpty package var source = ""
    @OmitEmpty package var target = ""
    @OmitEmpty package var readOnly = false
    @OmitEmpty package var consistency = ""
    package var bindOptions: MountBindOptions?
    package var volumeOptions: MountVolumeOptions?
    package var imageOptions: MountImageOptions?
    package var tmpfsOptions: MountTmpfsOptions?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case type = "Type"
        case source = "Source"
        case target = "Target"
        case readOnly = "ReadOnly"
        case consistency = "Consistency"
        case bindOptions = "BindOptions"
        case volumeOptions = "VolumeOptions"
        case imageOptions = "ImageOptions"
        case tmpfsOptions = "TmpfsOptions"
    }
}

extension Mount: Blank {
    package static var blank: Mount { Mount() }
}

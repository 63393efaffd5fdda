/// A row of ContainerList. Source: Engine API 1.51, ContainerSummary.
package struct ContainerSummary: Codable, Sendable, Hashable {
    @Lenient package var id = ""
    /// With leading slashes.
    @Lenient package var names: [String] = []
    @Lenient package var image = ""
    @Lenient package var imageID = ""
    @Lenient package var command = ""
    /// Seconds since 1970.
    @Lenient package var created: Int64 = 0
    @Lenient package var ports: [Port] = []
    @OmitEmpty package var sizeRw: Int64 = 0
    @OmitEmpty package var sizeRootFs: Int64 = 0
    @Lenient package var labels: [String: String] = [:]
    @Lenient package var state = ""
    /// Text for people, such as `Up 3 minutes`.
    @Lenient package var status = ""
    @Lenient package var hostConfig = ContainerSummaryHost()
    @Lenient package var networkSettings = ContainerSummaryNetworks()
    @Lenient package var mounts: [MountPoint] = []
    package var imageManifestDescriptor: DescriptorBody?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case id = "Id"
        case names = "Names"
        case image = "Image"
        case imageID = "ImageID"
        case command = "Command"
        case created = "Created"
        case ports = "Ports"
        case sizeRw = "SizeRw"
        case sizeRootFs = "SizeRootFs"
        case labels = "Labels"
        case state = "State"
        case status = "Status"
        case hostConfig = "HostConfig"
        case networkSettings = "NetworkSettings"
        case mounts = "Mounts"
        case imageManifestDescriptor = "ImageManifestDescriptor"
    }
}

extension ContainerSummary: Blank {
    package static var blank: ContainerSummary { ContainerSummary() }
}

/// Answer to ContainerInspect. Source: Engine API 1.51, ContainerInspectResponse.
package struct ContainerInspect: Codable, Sendable, Hashable {
    @Lenient package var id = ""
    @Lenient package var created = ""
    @Lenient package var path = ""
    @Lenient package var args: [String] = []
    @Lenient package var state = ContainerState()
    @Lenient package var image = ""
    @Lenient package var resolvConfPath = ""
    @Lenient package var hostnamePath = ""
    @Lenient package var hostsPath = ""
    @Lenient package var logPath = ""
    /// With a leading slash.
    @Lenient package var name = ""
    @Lenient package var restartCount: Int = 0
    @Lenient package var driver = ""
    @Lenient package var platform = ""
    @Lenient package var mountLabel = ""
    @Lenient package var processLabel = ""
    @Lenient package var appArmorProfile = ""
    @Null package var execIDs: [String]?
    @Lenient package var hostConfig = HostConfig()
    @Lenient package var graphDriver = GraphDriver()
    package var sizeRw: Int64?
    package var sizeRootFs: Int64?
    @Lenient package var mounts: [MountPoint] = []
    @Lenient package var config = ContainerConfig()
    @Lenient package var networkSettings = NetworkSettings()
    package var imageManifestDescriptor: DescriptorBody?
    /// Gantry's own: why the container is as it is.
    package var why: WhyBody?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case id = "Id"
        case created = "Created"
        case path = "Path"
        case args = "Args"
        case state = "State"
        case image = "Image"
        case resolvConfPath = "ResolvConfPath"
        case hostnamePath = "HostnamePath"
        case hostsPath = "HostsPath"
        case logPath = "LogPath"
        case name = "Name"
        case restartCount = "RestartCount"
        case driver = "Driver"
        case platform = "Platform"
        case mountLabel = "MountLabel"
        case processLabel = "ProcessLabel"
        case appArmorProfile = "AppArmorProfile"
        case execIDs = "ExecIDs"
        case hostConfig = "HostConfig"
        case graphDriver = "GraphDriver"
        case sizeRw = "SizeRw"
        case sizeRootFs = "SizeRootFs"
        case mounts = "Mounts"
        case config = "Config"
        case networkSettings = "NetworkSettings"
        case imageManifestDescriptor = "ImageManifestDescriptor"
        case why = "Why"
    }
}

extension ContainerInspect: Blank {
    package static var blank: ContainerInspect { ContainerInspect() }
}

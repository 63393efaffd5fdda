/// Answer to ImageInspect. Source: Engine API 1.51, ImageInspect.
package struct ImageInspect: Codable, Sendable, Hashable {
    @Lenient package var id = ""
    @Lenient package var repoTags: [String] = []
    @Lenient package var repoDigests: [String] = []
    @Lenient package var parent = ""
    @Lenient package var comment = ""
    @OmitEmpty package var created = ""
    /// Before API 1.45 only.
    package var container: String?
    package var containerConfig: ContainerConfig?
    @Lenient package var dockerVersion = ""
    @Lenient package var author = ""
    package var config: ContainerConfig?
    @Lenient package var architecture = ""
    @OmitEmpty package var variant = ""
    @Lenient package var os = ""
    @OmitEmpty package var osVersion = ""
    @Lenient package var size: Int64 = 0
    /// Before API 1.44 only.
    package var virtualSize: Int64?
    @Lenient package var graphDriver = GraphDriver()
    @Lenient package var rootFileSystem = RootFileSystem()
    @Lenient package var metadata = ImageMetadata()

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case id = "Id"
        case repoTags = "RepoTags"
        case repoDigests = "RepoDigests"
        case parent = "Parent"
        case comment = "Comment"
        case created = "Created"
        case container = "Container"
        case containerConfig = "ContainerConfig"
        case dockerVersion = "DockerVersion"
        case author = "Author"
        case config = "Config"
        case architecture = "Architecture"
        case variant = "Variant"
        case os = "Os"
        case osVersion = "OsVersion"
        case size = "Size"
        case virtualSize = "VirtualSize"
        case graphDriver = "GraphDriver"
        case rootFileSystem = "RootFS"
        case metadata = "Metadata"
    }
}

extension ImageInspect: Blank {
    package static var blank: ImageInspect { ImageInspect() }
}

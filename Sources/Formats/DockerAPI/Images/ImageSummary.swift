/// A row of ImageList. Source: Engine API 1.51, ImageSummary.
package struct ImageSummary: Codable, Sendable, Hashable {
    /// -1 when not counted.
    @Lenient package var containers: Int = 0
    /// Seconds since 1970.
    @Lenient package var created: Int64 = 0
    @Lenient package var id = ""
    @NullEmpty package var labels: [String: String] = [:]
    @Lenient package var parentId = ""
    @Lenient package var repoDigests: [String] = []
    @Lenient package var repoTags: [String] = []
    /// Bytes shared with other images, -1 when not counted.
    @Lenient package var sharedSize: Int64 = 0
    @Lenient package var size: Int64 = 0
    /// Before API 1.44 only.
    package var virtualSize: Int64?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case containers = "Containers"
        case created = "Created"
        case id = "Id"
        case labels = "Labels"
        case parentId = "ParentId"
        case repoDigests = "RepoDigests"
        case repoTags = "RepoTags"
        case sharedSize = "SharedSize"
        case size = "Size"
        case virtualSize = "VirtualSize"
    }
}

extension ImageSummary: Blank {
    package static var blank: ImageSummary { ImageSummary() }
}

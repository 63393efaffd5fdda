/// Answer to SystemDataUsage; kinds that were not asked for are null.
package struct DiskUsageBody: Codable, Sendable, Hashable {
    @Lenient package var layersSize: Int64 = 0
    @Null package var images: [ImageSummary]?
    @Null package var containers: [ContainerSummary]?
    @Null package var volumes: [Volume]?
    @Null package var buildCache: [BuildCacheRecord]?
    /// Of an older client's field; always 0.
    package var builderSize: Int64?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case layersSize = "LayersSize"
        case images = "Images"
        case containers = "Containers"
        case volumes = "Volumes"
        case buildCache = "BuildCache"
        case builderSize = "BuilderSize"
    }
}

extension DiskUsageBody: Blank {
    package static var blank: DiskUsageBody { DiskUsageBody() }
}

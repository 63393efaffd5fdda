/// A record of the build cache in DiskUsage.
package struct BuildCacheRecord: Codable, Sendable, Hashable {
    @Lenient package var id = ""
    @OmitEmpty package var parents: [String] = []
    @Lenient package var type = ""
    @Lenient package var description = ""
    @Lenient package var inUse = false
    @Lenient package var shared = false
    @Lenient package var size: Int64 = 0
    @Lenient package var createdAt = ""
    @Null package var lastUsedAt: String?
    @Lenient package var usageCount: Int = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case id = "ID"
        case parents = "Parents"
        case type = "Type"
        case description = "Description"
        case inUse = "InUse"
        case shared = "Shared"
        case size = "Size"
        case createdAt = "CreatedAt"
        case lastUsedAt = "LastUsedAt"
        case usageCount = "UsageCount"
    }
}

extension BuildCacheRecord: Blank {
    package static var blank: BuildCacheRecord { BuildCacheRecord() }
}

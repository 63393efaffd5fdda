/// Answer to ImagePrune.
package struct ImagesPruneReport: Codable, Sendable, Hashable {
    @NullEmpty package var imagesDeleted: [ImageDeleteItem] = []
    @Lenient package var spaceReclaimed: Int64 = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case imagesDeleted = "ImagesDeleted"
        case spaceReclaimed = "SpaceReclaimed"
    }
}

extension ImagesPruneReport: Blank {
    package static var blank: ImagesPruneReport { ImagesPruneReport() }
}

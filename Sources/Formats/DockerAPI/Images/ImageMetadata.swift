/// What the engine remembers of an image apart from its content.
package struct ImageMetadata: Codable, Sendable, Hashable {
    @Lenient package var lastTagTime = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case lastTagTime = "LastTagTime"
    }
}

extension ImageMetadata: Blank {
    package static var blank: ImageMetadata { ImageMetadata() }
}

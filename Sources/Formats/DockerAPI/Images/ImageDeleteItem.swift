/// A row of ImageDelete: either field.
package struct ImageDeleteItem: Codable, Sendable, Hashable {
    package var untagged: String?
    package var deleted: String?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case untagged = "Untagged"
        case deleted = "Deleted"
    }
}

extension ImageDeleteItem: Blank {
    package static var blank: ImageDeleteItem { ImageDeleteItem() }
}

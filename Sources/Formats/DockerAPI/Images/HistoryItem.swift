/// A row of ImageHistory, newest first.
package struct HistoryItem: Codable, Sendable, Hashable {
    @Lenient package var comment = ""
    /// Seconds since 1970.
    @Lenient package var created: Int64 = 0
    @Lenient package var createdBy = ""
    /// `<missing>` for layers without an image of their own.
    @Lenient package var id = ""
    @Lenient package var size: Int64 = 0
    @NullEmpty package var tags: [String] = []

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case comment = "Comment"
        case created = "Created"
        case createdBy = "CreatedBy"
        case id = "Id"
        case size = "Size"
        case tags = "Tags"
    }
}

extension HistoryItem: Blank {
    package static var blank: HistoryItem { HistoryItem() }
}

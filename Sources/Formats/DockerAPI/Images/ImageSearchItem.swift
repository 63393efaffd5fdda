/// A row of ImageSearch.
package struct ImageSearchItem: Codable, Sendable, Hashable {
    @Lenient package var starCount: Int = 0
    @Lenient package var isOfficial = false
    @Lenient package var name = ""
    @Lenient package var isAutomated = false
    @Lenient package var description = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case name, description
        case starCount = "star_count"
        case isOfficial = "is_official"
        case isAutomated = "is_automated"
    }
}

extension ImageSearchItem: Blank {
    package static var blank: ImageSearchItem { ImageSearchItem() }
}

/// The source revision of a helper program.
package struct CommitInfo: Codable, Sendable, Hashable {
    @Lenient package var id = ""
    @Lenient package var expected = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case id = "ID"
        case expected = "Expected"
    }
}

extension CommitInfo: Blank {
    package static var blank: CommitInfo { CommitInfo() }
}

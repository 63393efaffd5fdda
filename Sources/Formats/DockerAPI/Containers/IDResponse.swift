/// The id of something made: exec, commit.
package struct IDResponse: Codable, Sendable, Hashable {
    @Lenient package var id = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case id = "Id"
    }
}

extension IDResponse: Blank {
    package static var blank: IDResponse { IDResponse() }
}

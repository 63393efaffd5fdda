/// The name of the product.
package struct VersionPlatform: Codable, Sendable, Hashable {
    @Lenient package var name = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case name = "Name"
    }
}

extension VersionPlatform: Blank {
    package static var blank: VersionPlatform { VersionPlatform() }
}

/// A part of the engine and its version.
package struct VersionComponent: Codable, Sendable, Hashable {
    @Lenient package var name = ""
    @Lenient package var version = ""
    package var details: [String: String]?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case name = "Name"
        case version = "Version"
        case details = "Details"
    }
}

extension VersionComponent: Blank {
    package static var blank: VersionComponent { VersionComponent() }
}

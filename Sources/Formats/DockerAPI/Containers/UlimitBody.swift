/// A resource limit by name; -1 is unlimited.
package struct UlimitBody: Codable, Sendable, Hashable {
    @Lenient package var name = ""
    @Lenient package var hard: Int64 = 0
    @Lenient package var soft: Int64 = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case name = "Name"
        case hard = "Hard"
        case soft = "Soft"
    }
}

extension UlimitBody: Blank {
    package static var blank: UlimitBody { UlimitBody() }
}

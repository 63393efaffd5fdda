/// Directories of a container's or image's layers.
package struct GraphDriver: Codable, Sendable, Hashable {
    @NullEmpty package var data: [String: String] = [:]
    @Lenient package var name = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case data = "Data"
        case name = "Name"
    }
}

extension GraphDriver: Blank {
    package static var blank: GraphDriver { GraphDriver() }
}

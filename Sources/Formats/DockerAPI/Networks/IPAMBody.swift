/// How a network gives out addresses.
package struct IPAMBody: Codable, Sendable, Hashable {
    @Lenient package var driver = ""
    @NullEmpty package var options: [String: String] = [:]
    @NullEmpty package var config: [IPAMPool] = []

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case driver = "Driver"
        case options = "Options"
        case config = "Config"
    }
}

extension IPAMBody: Blank {
    package static var blank: IPAMBody { IPAMBody() }
}

/// Answer to ContainerTop.
package struct TopResponse: Codable, Sendable, Hashable {
    @NullEmpty package var processes: [[String]] = []
    @NullEmpty package var titles: [String] = []

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case processes = "Processes"
        case titles = "Titles"
    }
}

extension TopResponse: Blank {
    package static var blank: TopResponse { TopResponse() }
}

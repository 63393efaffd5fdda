/// Answer to ContainerCreate.
package struct ContainerCreateResponse: Codable, Sendable, Hashable {
    @Lenient package var id = ""
    @Lenient package var warnings: [String] = []

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case id = "Id"
        case warnings = "Warnings"
    }
}

extension ContainerCreateResponse: Blank {
    package static var blank: ContainerCreateResponse { ContainerCreateResponse() }
}

/// Answer to ContainerUpdate.
package struct ContainerUpdateResponse: Codable, Sendable, Hashable {
    @Lenient package var warnings: [String] = []

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case warnings = "Warnings"
    }
}

extension ContainerUpdateResponse: Blank {
    package static var blank: ContainerUpdateResponse { ContainerUpdateResponse() }
}

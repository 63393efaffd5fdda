/// The little that a list tells of the host configuration.
package struct ContainerSummaryHost: Codable, Sendable, Hashable {
    @OmitEmpty package var networkMode = ""
    @OmitEmpty package var annotations: [String: String] = [:]

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case networkMode = "NetworkMode"
        case annotations = "Annotations"
    }
}

extension ContainerSummaryHost: Blank {
    package static var blank: ContainerSummaryHost { ContainerSummaryHost() }
}

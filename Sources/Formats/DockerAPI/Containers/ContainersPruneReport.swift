/// Answer to ContainerPrune.
package struct ContainersPruneReport: Codable, Sendable, Hashable {
    @NullEmpty package var containersDeleted: [String] = []
    @Lenient package var spaceReclaimed: Int64 = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case containersDeleted = "ContainersDeleted"
        case spaceReclaimed = "SpaceReclaimed"
    }
}

extension ContainersPruneReport: Blank {
    package static var blank: ContainersPruneReport { ContainersPruneReport() }
}

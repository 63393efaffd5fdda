/// Body of CheckpointCreate. Source: moby, api/types/checkpoint.
package struct CheckpointCreateBody: Codable, Sendable, Hashable {
    @Lenient package var checkpointID = ""
    @Lenient package var checkpointDirectory = ""
    /// The container ends.
    @Lenient package var exit = false

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case checkpointID = "CheckpointID"
        case checkpointDirectory = "CheckpointDir"
        case exit = "Exit"
    }
}

extension CheckpointCreateBody: Blank {
    package static var blank: CheckpointCreateBody { CheckpointCreateBody() }
}

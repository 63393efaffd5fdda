/// One of the answer to CheckpointList. Source: moby, api/types/checkpoint.
package struct CheckpointBody: Codable, Sendable, Hashable {
    package var name: String

    package init(_ name: String) { self.name = name }

    private enum CodingKeys: String, CodingKey { case name = "Name" }
}

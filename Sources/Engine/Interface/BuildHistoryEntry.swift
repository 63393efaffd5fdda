package import Essentials

/// A build that was or is being made.
package struct BuildHistoryEntry: Sendable, Codable, Hashable {
    package enum Status: String, Sendable, Codable { case running, completed, failed, cancelled }

    package struct Step: Sendable, Codable, Hashable {
        package enum State: String, Sendable, Codable { case running, cached, done, failed }

        package var id: Int
        package var name: String
        package var stage: String
        /// Milliseconds since the build's start.
        package var startedMs: Int64
        package var endedMs: Int64?
        package var state = State.running
        package var reasons: [String] = []
    }

    package var id: String
    /// The first tag, or empty.
    package var name: String
    package var status = Status.running
    package var startedAt: Timestamp
    package var durationMs: Int64?
    package var image: String?
    package var error: String?
    package var steps: [Step] = []
    /// What it was made from; nil for builds that failed before that was known, and for old ones.
    package var recipe: BuildRecipe?

    package init(id: String, name: String, startedAt: Timestamp) {
        self.id = id
        self.name = name
        self.startedAt = startedAt
    }
}

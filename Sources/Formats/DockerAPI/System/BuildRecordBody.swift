/// A build that was or is being made, as `GET /builds` tells it. Not part of Docker's API.
package struct BuildRecordBody: Codable, Sendable, Hashable {
    package struct Step: Codable, Sendable, Hashable {
        package var id: Int
        /// The instruction as written.
        package var name: String
        package var stage: String
        /// Milliseconds since the build's start.
        package var startedMs: Int64
        /// Nil while it runs.
        package var endedMs: Int64?
        /// `running`, `cached`, `done` or `failed`.
        package var state: String
        /// Why it was not taken from the cache.
        package var reasons: [String]

        package init(id: Int, name: String, stage: String, startedMs: Int64) {
            self.id = id
            self.name = name
            self.stage = stage
            self.startedMs = startedMs
            state = "running"
            reasons = []
        }
    }

    package var id: String
    /// The first tag, or what was built.
    package var name: String
    /// `running`, `completed`, `failed` or `cancelled`.
    package var status: String
    /// RFC 3339.
    package var startedAt: String
    package var durationMs: Int64?
    /// The image's id.
    package var image: String?
    package var error: String?
    package var steps: [Step]
    /// Not in lists.
    package var recipe: BuildRecipeBody?

    package init(id: String, name: String, startedAt: String) {
        self.id = id
        self.name = name
        self.startedAt = startedAt
        status = "running"
        steps = []
    }
}

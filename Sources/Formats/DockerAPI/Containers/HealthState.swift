/// Results of the health checks.
package struct HealthState: Codable, Sendable, Hashable {
    @Lenient package var status = ""
    @Lenient package var failingStreak: Int = 0
    @NullEmpty package var log: [HealthResult] = []

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case status = "Status"
        case failingStreak = "FailingStreak"
        case log = "Log"
    }
}

extension HealthState: Blank {
    package static var blank: HealthState { HealthState() }
}

/// A test of the container's health; times in nanoseconds, 0 inherits. Source: Engine API 1.51, HealthConfig.
package struct HealthConfig: Codable, Sendable, Hashable {
    /// `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", text]`; empty inherits.
    package var test: [String]?
    @OmitEmpty package var interval: Int64 = 0
    @OmitEmpty package var timeout: Int64 = 0
    @OmitEmpty package var startPeriod: Int64 = 0
    @OmitEmpty package var startInterval: Int64 = 0
    @OmitEmpty package var retries: Int = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case test = "Test"
        case interval = "Interval"
        case timeout = "Timeout"
        case startPeriod = "StartPeriod"
        case startInterval = "StartInterval"
        case retries = "Retries"
    }
}

extension HealthConfig: Blank {
    package static var blank: HealthConfig { HealthConfig() }
}

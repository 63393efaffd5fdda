/// One run of the health check.
package struct HealthResult: Codable, Sendable, Hashable {
    @Lenient package var start = ""
    @Lenient package var end = ""
    @Lenient package var exitCode: Int = 0
    @Lenient package var output = ""

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case start = "Start"
        case end = "End"
        case exitCode = "ExitCode"
        case output = "Output"
    }
}

extension HealthResult: Blank {
    package static var blank: HealthResult { HealthResult() }
}

/// How often the processor limit struck.
package struct ThrottlingData: Codable, Sendable, Hashable {
    @Lenient package var periods: UInt64 = 0
    @Lenient package var throttledPeriods: UInt64 = 0
    @Lenient package var throttledTime: UInt64 = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case periods
        case throttledPeriods = "throttled_periods"
        case throttledTime = "throttled_time"
    }
}

extension ThrottlingData: Blank {
    package static var blank: ThrottlingData { ThrottlingData() }
}

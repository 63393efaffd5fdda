/// What a container uses. Counters are totals since the container's start; absent controllers leave zeros.
package struct CgroupStatistics: Sendable, Equatable {
    package struct BlockIO: Sendable, Equatable {
        package var major: UInt64
        package var minor: UInt64
        /// `Read`, `Write`, ….
        package var operation: String
        package var value: UInt64

        package init(major: UInt64, minor: UInt64, operation: String, value: UInt64) {
            self.major = major
            self.minor = minor
            self.operation = operation
            self.value = value
        }
    }

    /// Bytes, with the page cache.
    package var memoryUsage: UInt64 = 0
    package var memoryMaximumUsage: UInt64 = 0
    /// Bytes; 0 when there is no limit.
    package var memoryLimit: UInt64 = 0
    package var memoryFailures: UInt64 = 0
    /// The kernel's `memory.stat` as it is.
    package var memoryDetails: [String: UInt64] = [:]
    /// Nanoseconds.
    package var cpuUsage: UInt64 = 0
    package var cpuUser: UInt64 = 0
    package var cpuSystem: UInt64 = 0
    /// Nanoseconds by processor; only on v1.
    package var cpuUsageByProcessor: [UInt64] = []
    package var throttlingPeriods: UInt64 = 0
    package var throttledPeriods: UInt64 = 0
    /// Nanoseconds.
    package var throttledTime: UInt64 = 0
    package var processes: UInt64 = 0
    /// 0 when there is no limit.
    package var processLimit: UInt64 = 0
    /// Bytes.
    package var blockIOBytes: [BlockIO] = []
    package var blockIOOperations: [BlockIO] = []

    package init() {}
}

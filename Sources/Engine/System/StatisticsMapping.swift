import ContainerRuntime

/// A cgroup's reading in the engine's words.
enum StatisticsMapping {
    static func map(_ cgroup: CgroupStatistics, isUnified: Bool) -> ContainerStatistics {
        var result = ContainerStatistics()
        result.isUnified = isUnified
        result.cpuTotal = cgroup.cpuUsage
        result.cpuUser = cgroup.cpuUser
        result.cpuSystem = cgroup.cpuSystem
        result.cpuPerProcessor = cgroup.cpuUsageByProcessor
        result.periods = cgroup.throttlingPeriods
        result.throttledPeriods = cgroup.throttledPeriods
        result.throttledTime = cgroup.throttledTime
        result.memoryUsage = cgroup.memoryUsage
        result.memoryPeak = cgroup.memoryMaximumUsage
        result.memoryLimit = cgroup.memoryLimit
        result.memoryFailures = cgroup.memoryFailures
        result.memoryDetails = cgroup.memoryDetails
        result.processes = cgroup.processes
        result.processLimit = cgroup.processLimit
        result.blockBytes = entries(cgroup.blockIOBytes, isUnified: isUnified)
        result.blockOperations = entries(cgroup.blockIOOperations, isUnified: isUnified)
        return result
    }

    /// Nothing counted is null on cgroup v2 and an empty list on v1, as Docker has it.
    private static func entries(
        _ list: [CgroupStatistics.BlockIO], isUnified: Bool
    ) -> [ContainerStatistics.BlockEntry]? {
        list.isEmpty && isUnified
            ? nil
            : list.map {
                ContainerStatistics.BlockEntry(major: $0.major, minor: $0.minor, operation: $0.operation, value: $0.value)
            }
    }
}

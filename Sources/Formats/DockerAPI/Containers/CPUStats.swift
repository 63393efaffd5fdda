/// Processor time in nanoseconds.
package struct CPUStats: Codable, Sendable, Hashable {
    @Lenient package var cpuUsage = CPUUsage()
    @OmitEmpty package var systemCpuUsage: UInt64 = 0
    @OmitEmpty package var onlineCpus: UInt32 = 0
    @Lenient package var throttlingData = ThrottlingData()

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case cpuUsage = "cpu_usage"
        case systemCpuUsage = "system_cpu_usage"
        case onlineCpus = "online_cpus"
        case throttlingData = "throttling_data"
    }
}

extension CPUStats: Blank {
    package static var blank: CPUStats { CPUStats() }
}

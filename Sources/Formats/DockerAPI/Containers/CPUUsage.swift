/// Processor time of the container in nanoseconds.
package struct CPUUsage: Codable, Sendable, Hashable {
    @Lenient package var totalUsage: UInt64 = 0
    @OmitEmpty package var percpuUsage: [UInt64] = []
    @Lenient package var usageInKernelmode: UInt64 = 0
    @Lenient package var usageInUsermode: UInt64 = 0

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case totalUsage = "total_usage"
        case percpuUsage = "percpu_usage"
        case usageInKernelmode = "usage_in_kernelmode"
        case usageInUsermode = "usage_in_usermode"
    }
}

extension CPUUsage: Blank {
    package static var blank: CPUUsage { CPUUsage() }
}

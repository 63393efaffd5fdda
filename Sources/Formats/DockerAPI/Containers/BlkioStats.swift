/// Block device counters; cgroup v2 fills the first two lists only.
package struct BlkioStats: Codable, Sendable, Hashable {
    @Null package var ioServiceBytesRecursive: [BlkioStatEntry]?
    @Null package var ioServicedRecursive: [BlkioStatEntry]?
    @Null package var ioQueueRecursive: [BlkioStatEntry]?
    @Null package var ioServiceTimeRecursive: [BlkioStatEntry]?
    @Null package var ioWaitTimeRecursive: [BlkioStatEntry]?
    @Null package var ioMergedRecursive: [BlkioStatEntry]?
    @Null package var ioTimeRecursive: [BlkioStatEntry]?
    @Null package var sectorsRecursive: [BlkioStatEntry]?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case ioServiceBytesRecursive = "io_service_bytes_recursive"
        case ioServicedRecursive = "io_serviced_recursive"
        case ioQueueRecursive = "io_queue_recursive"
        case ioServiceTimeRecursive = "io_service_time_recursive"
        case ioWaitTimeRecursive = "io_wait_time_recursive"
        case ioMergedRecursive = "io_merged_recursive"
        case ioTimeRecursive = "io_time_recursive"
        case sectorsRecursive = "sectors_recursive"
    }
}

extension BlkioStats: Blank {
    package static var blank: BlkioStats { BlkioStats() }
}

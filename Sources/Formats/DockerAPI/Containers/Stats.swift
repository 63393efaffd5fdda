/// A sample of ContainerStats. Source: Engine API 1.51, ContainerStatsResponse.
package struct Stats: Codable, Sendable, Hashable {
    @Lenient package var read = ""
    @Lenient package var preread = ""
    @Lenient package var pidsStats = PidsStats()
    @Lenient package var blkioStats = BlkioStats()
    @Lenient package var numProcs: UInt32 = 0
    @Lenient package var storageStats = EmptyObject()
    @Lenient package var cpuStats = CPUStats()
    @Lenient package var previousCPUStats = CPUStats()
    @Lenient package var memoryStats = MemoryStats()
    /// With a leading slash.
    @OmitEmpty package var name = ""
    @OmitEmpty package var id = ""
    package var networks: [String: NetworkStats]?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case read, preread, name, id, networks
        case pidsStats = "pids_stats"
        case blkioStats = "blkio_stats"
        case numProcs = "num_procs"
        case storageStats = "storage_stats"
        case cpuStats = "cpu_stats"
        case previousCPUStats = "precpu_stats"
        case memoryStats = "memory_stats"
    }
}

extension Stats: Blank {
    package static var blank: Stats { Stats() }
}

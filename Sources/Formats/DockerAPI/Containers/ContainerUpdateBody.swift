/// Body of ContainerUpdate: zero and absent fields stay as they are.
package struct ContainerUpdateBody: Codable, Sendable, Hashable {
    @Lenient package var cpuShares: Int64 = 0
    @Lenient package var memory: Int64 = 0
    @Lenient package var nanoCpus: Int64 = 0
    @Lenient package var cgroupParent = ""
    @Lenient package var blkioWeight: UInt16 = 0
    @Lenient package var blkioWeightDevice: [WeightDevice] = []
    @Lenient package var blkioDeviceReadBps: [ThrottleDevice] = []
    @Lenient package var blkioDeviceWriteBps: [ThrottleDevice] = []
    @Lenient package var blkioDeviceReadIOps: [ThrottleDevice] = []
    @Lenient package var blkioDeviceWriteIOps: [ThrottleDevice] = []
    @Lenient package var cpuPeriod: Int64 = 0
    @Lenient package var cpuQuota: Int64 = 0
    @Lenient package var cpuRealtimePeriod: Int64 = 0
    @Lenient package var cpuRealtimeRuntime: Int64 = 0
    @Lenient package var cpusetCpus = ""
    @Lenient package var cpusetMems = ""
    @Lenient package var memoryReservation: Int64 = 0
    @Lenient package var memorySwap: Int64 = 0
    package var memorySwappiness: Int64?
    package var oomKillDisable: Bool?
    package var pidsLimit: Int64?
    package var restartPolicy: RestartPolicyBody?

    package init() {}

    private enum CodingKeys: String, CodingKey {
        case cpuShares = "CpuShares"
        case memory = "Memory"
        case nanoCpus = "NanoCpus"
        case cgroupParent = "CgroupParent"
        case blkioWeight = "BlkioWeight"
        case blkioWeightDevice = "BlkioWeightDevice"
        case blkioDeviceReadBps = "BlkioDeviceReadBps"
        case blkioDeviceWriteBps = "BlkioDeviceWriteBps"
        case blkioDeviceReadIOps = "BlkioDeviceReadIOps"
        case blkioDeviceWriteIOps = "BlkioDeviceWriteIOps"
        case cpuPeriod = "CpuPeriod"
        case cpuQuota = "CpuQuota"
        case cpuRealtimePeriod = "CpuRealtimePeriod"
        case cpuRealtimeRuntime = "CpuRealtimeRuntime"
        case cpusetCpus = "CpusetCpus"
        case cpusetMems = "CpusetMems"
        case memoryReservation = "MemoryReservation"
        case memorySwap = "MemorySwap"
        case memorySwappiness = "MemorySwappiness"
        case oomKillDisable = "OomKillDisable"
        case pidsLimit = "PidsLimit"
        case restartPolicy = "RestartPolicy"
    }
}

extension ContainerUpdateBody: Blank {
    package static var blank: ContainerUpdateBody { ContainerUpdateBody() }
}

import Essentials

/// What `docker update` makes of a container's limits. Source: Engine API, ContainerUpdate.
extension ResourceSettings {
    /// Refuses changes that contradict what is set already, in Docker's words.
    func checkUpdate(_ other: ResourceSettings) throws(GantryError) {
        if other.memory != 0, other.memorySwap == 0, memorySwap != -1, other.memory > memorySwap {
            throw .conflict(
                "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time")
        }
        if nanoCPUs > 0 {
            if other.cpuPeriod != 0 {
                throw .conflict("Conflicting options: CPU Period cannot be updated as NanoCPUs has already been set")
            }
            if other.cpuQuota != 0 {
                throw .conflict("Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set")
            }
        }
        if other.nanoCPUs > 0 {
            if cpuPeriod != 0 {
                throw .conflict("Conflicting options: Nano CPUs cannot be updated as CPU Period has already been set")
            }
            if cpuQuota != 0 {
                throw .conflict("Conflicting options: Nano CPUs cannot be updated as CPU Quota has already been set")
            }
        }
    }

    /// Takes over what is set in `other`; zero and empty mean unchanged.
    mutating func take(changed other: ResourceSettings) {
        func number<Number: FixedWidthInteger>(_ old: inout Number, _ new: Number) { if new != 0 { old = new } }
        func list<Element>(_ old: inout [Element], _ new: [Element]) { if !new.isEmpty { old = new } }
        number(&memory, other.memory)
        number(&memoryReservation, other.memoryReservation)
        number(&memorySwap, other.memorySwap)
        number(&nanoCPUs, other.nanoCPUs)
        number(&cpuShares, other.cpuShares)
        number(&cpuPeriod, other.cpuPeriod)
        number(&cpuQuota, other.cpuQuota)
        number(&cpuRealtimePeriod, other.cpuRealtimePeriod)
        number(&cpuRealtimeRuntime, other.cpuRealtimeRuntime)
        number(&blkioWeight, other.blkioWeight)
        if !other.cpusetCPUs.isEmpty { cpusetCPUs = other.cpusetCPUs }
        if !other.cpusetMems.isEmpty { cpusetMems = other.cpusetMems }
        if let limit = other.pidsLimit { pidsLimit = limit }
        if let swappiness = other.memorySwappiness, swappiness != -1 { memorySwappiness = swappiness }
        if let disable = other.oomKillDisable { oomKillDisable = disable }
        list(&blkioWeightDevices, other.blkioWeightDevices)
        list(&blkioReadBps, other.blkioReadBps)
        list(&blkioWriteBps, other.blkioWriteBps)
        list(&blkioReadIOps, other.blkioReadIOps)
        list(&blkioWriteIOps, other.blkioWriteIOps)
    }
}

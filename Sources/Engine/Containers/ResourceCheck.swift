import CLinux
import Essentials

/// Refuses limits that contradict one another or cannot be met, in Docker's words.
enum ResourceCheck {
    /// - Parameter isUpdate: unset values stay as they are, so what they would have to fit is not known yet.
    static func check(_ resources: ResourceSettings, isUpdate: Bool = false) throws(GantryError) {
        try checkMemory(resources, isUpdate: isUpdate)
        try checkProcessors(resources)
        try checkBlockDevices(resources)
        if let swappiness = resources.memorySwappiness, swappiness != -1, !(0...100).contains(swappiness) {
            throw .invalid("invalid value: \(swappiness), valid memory swappiness range is 0-100")
        }
        for limit in resources.ulimits where limit.hard != -1 && (limit.soft > limit.hard || limit.soft == -1) {
            throw .invalid("ulimit soft limit must be less than or equal to hard limit: \(limit.soft) > \(limit.hard)")
        }
    }

    private static func checkMemory(_ resources: ResourceSettings, isUpdate: Bool) throws(GantryError) {
        if resources.memory != 0, resources.memory < 6 << 20 { throw .invalid("Minimum memory limit allowed is 6MB") }
        if resources.memory > 0, resources.memorySwap > 0, resources.memorySwap < resources.memory {
            throw .invalid("Minimum memoryswap limit should be larger than memory limit, see usage")
        }
        if !isUpdate, resources.memory == 0, resources.memorySwap > 0 {
            throw .invalid("You should always set the Memory limit when using Memoryswap limit, see usage")
        }
        if resources.memory > 0, resources.memoryReservation > resources.memory {
            throw .invalid("Minimum memory limit can not be less than memory reservation limit, see usage")
        }
        if resources.memoryReservation != 0, resources.memoryReservation < 6 << 20 {
            throw .invalid("Minimum memory reservation allowed is 6MB")
        }
    }

    private static func checkProcessors(_ resources: ResourceSettings) throws(GantryError) {
        if resources.nanoCPUs != 0 {
            if resources.cpuPeriod != 0 { throw .invalid("Conflicting options: Nano CPUs and CPU Period cannot both be set") }
            if resources.cpuQuota != 0 { throw .invalid("Conflicting options: Nano CPUs and CPU Quota cannot both be set") }
            let count = sysconf(Int32(_SC_NPROCESSORS_ONLN))
            guard resources.nanoCPUs > 0, resources.nanoCPUs <= Int64(count) * 1_000_000_000 else {
                throw .invalid("range of CPUs is from 0.01 to \(count).00, as there are only \(count) CPUs available")
            }
        }
        if resources.cpuShares < 0 {
            throw .invalid("invalid CPU shares (\(resources.cpuShares)): value must be a positive integer")
        }
        if resources.cpuPeriod != 0, !(1000...1_000_000).contains(resources.cpuPeriod) {
            throw .invalid("CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)")
        }
        if resources.cpuQuota > 0, resources.cpuQuota < 1000 {
            throw .invalid("CPU cfs quota can not be less than 1ms (i.e. 1000)")
        }
        if resources.cpuRealtimePeriod != 0, resources.cpuRealtimeRuntime > resources.cpuRealtimePeriod {
            throw .invalid("cpu real-time runtime cannot be higher than cpu real-time period")
        }
    }

    private static func checkBlockDevices(_ resources: ResourceSettings) throws(GantryError) {
        if resources.blkioWeight > 0, !(10...1000).contains(resources.blkioWeight) {
            throw .invalid("range of blkio weight is from 10 to 1000")
        }
        for device in resources.blkioWeightDevices where !(10...1000).contains(device.value) {
            throw .invalid("range of blkio weight is from 10 to 1000, not \(device.value) as for \(device.path)")
        }
    }
}

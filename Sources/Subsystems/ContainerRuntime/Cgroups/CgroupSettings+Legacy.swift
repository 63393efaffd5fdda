package import OCI

/// Turns the specification's limits into control files' values; pure.
package enum CgroupSettings {
    /// For cgroup v1. Source: kernel, admin-guide/cgroup-v1.
    package static func legacy(_ resources: RuntimeSpecification.Resources) -> [CgroupSetting] {
        var result: [CgroupSetting] = []
        if let memory = resources.memory { result += legacyMemory(memory) }
        if let cpu = resources.cpu { result += legacyCPU(cpu) }
        if let pids = resources.pids {
            result.append(
                CgroupSetting(
                    "pids", "pids.max", pids.limit > 0 ? "\(pids.limit)" : "max", for: "the limit on processes",
                    optional: pids.limit <= 0))
        }
        if let io = resources.blockIO { result += legacyBlockIO(io) }
        for limit in resources.hugepageLimits ?? [] {
            result.append(
                CgroupSetting(
                    "hugetlb", "hugetlb.\(limit.pageSize).limit_in_bytes", "\(limit.limit)", for: "the limit on huge pages"))
        }
        return result
    }

    private static func legacyMemory(_ memory: RuntimeSpecification.Memory) -> [CgroupSetting] {
        var result: [CgroupSetting] = []
        if let limit = memory.limit {
            result.append(CgroupSetting("memory", "memory.limit_in_bytes", "\(limit)", for: "the memory limit"))
        }
        if let swap = memory.swap {
            // Docker's default of twice the memory is a wish, not a demand.
            let implied = swap == -1 || swap == (memory.limit ?? 0) * 2
            result.append(
                CgroupSetting("memory", "memory.memsw.limit_in_bytes", "\(swap)", for: "the swap limit", optional: implied))
        }
        if let reservation = memory.reservation {
            result.append(CgroupSetting("memory", "memory.soft_limit_in_bytes", "\(reservation)", for: "the memory reservation"))
        }
        if let swappiness = memory.swappiness {
            result.append(CgroupSetting("memory", "memory.swappiness", "\(swappiness)", for: "the memory's swappiness"))
        }
        if memory.disableOOMKiller == true {
            result.append(CgroupSetting("memory", "memory.oom_control", "1", for: "disabling the OOM killer"))
        }
        return result
    }

    private static func legacyCPU(_ cpu: RuntimeSpecification.CPU) -> [CgroupSetting] {
        var result: [CgroupSetting] = []
        if let shares = cpu.shares, shares > 0 { result.append(CgroupSetting("cpu", "cpu.shares", "\(shares)", for: "CPU shares")) }
        if let period = cpu.period, period > 0 {
            result.append(CgroupSetting("cpu", "cpu.cfs_period_us", "\(period)", for: "the CPU period"))
        }
        if let quota = cpu.quota, quota != 0 {
            result.append(CgroupSetting("cpu", "cpu.cfs_quota_us", "\(quota)", for: "the CPU quota"))
        }
        if let burst = cpu.burst { result.append(CgroupSetting("cpu", "cpu.cfs_burst_us", "\(burst)", for: "the CPU burst")) }
        if let period = cpu.realtimePeriod, period > 0 {
            result.append(CgroupSetting("cpu", "cpu.rt_period_us", "\(period)", for: "the real-time period"))
        }
        if let runtime = cpu.realtimeRuntime, runtime != 0 {
            result.append(CgroupSetting("cpu", "cpu.rt_runtime_us", "\(runtime)", for: "the real-time run time"))
        }
        if let cpus = cpu.cpus, !cpus.isEmpty {
            result.append(CgroupSetting("cpuset", "cpuset.cpus", cpus, for: "the set of CPUs"))
        }
        if let nodes = cpu.mems, !nodes.isEmpty {
            result.append(CgroupSetting("cpuset", "cpuset.mems", nodes, for: "the set of memory nodes"))
        }
        return result
    }

    private static func legacyBlockIO(_ io: RuntimeSpecification.BlockIO) -> [CgroupSetting] {
        var result: [CgroupSetting] = []
        if let weight = io.weight, weight > 0 {
            result.append(CgroupSetting("blkio", "blkio.bfq.weight", "\(weight)", for: "the block IO weight"))
        }
        for device in io.weightDevice ?? [] {
            guard let weight = device.weight else { continue }
            result.append(
                CgroupSetting(
                    "blkio", "blkio.bfq.weight_device", "\(device.major):\(device.minor) \(weight)",
                    for: "the block IO weight of a device"))
        }
        let throttles: [([RuntimeSpecification.ThrottleDevice]?, String)] = [
            (io.throttleReadBpsDevice, "read_bps"), (io.throttleWriteBpsDevice, "write_bps"),
            (io.throttleReadIOPSDevice, "read_iops"),
            (io.throttleWriteIOPSDevice, "write_iops"),
        ]
        for (devices, name) in throttles {
            for device in devices ?? [] {
                result.append(
                    CgroupSetting(
                        "blkio", "blkio.throttle.\(name)_device", "\(device.major):\(device.minor) \(device.rate)",
                        for: "the block IO limit"))
            }
        }
        return result
    }

    /// What goes to `devices.deny` and `devices.allow`, in order. Source: kernel, cgroup-v1/devices.
    package static func deviceRules(_ rules: [RuntimeSpecification.DeviceRule]) -> [CgroupSetting] {
        rules.map { rule in
            let isAll = (rule.type ?? "a") == "a" && (rule.major ?? -1) < 0 && (rule.minor ?? -1) < 0
            func number(_ value: Int64?) -> String { value.map { $0 < 0 ? "*" : "\($0)" } ?? "*" }
            let access = rule.access ?? "rwm"
            let value =
                isAll ? "a" : "\(rule.type ?? "a") \(number(rule.major)):\(number(rule.minor)) \(access.isEmpty ? "rwm" : access)"
            return CgroupSetting(
                "devices", rule.allow ? "devices.allow" : "devices.deny", value, for: "the rules on devices", optional: true)
        }
    }
}

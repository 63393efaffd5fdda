package import OCI

extension CgroupSettings {
    /// For cgroup v2. Source: kernel, admin-guide/cgroup-v2; the conversions are those of the OCI runtime-spec's cgroup v2 notes.
    package static func unified(_ resources: RuntimeSpecification.Resources) -> [CgroupSetting] {
        var result: [CgroupSetting] = []
        func text(_ limit: Int64) -> String { limit < 0 ? "max" : "\(limit)" }
        if let memory = resources.memory {
            if let limit = memory.limit {
                result.append(CgroupSetting("memory", "memory.max", text(limit), for: "the memory limit"))
            }
            if let swap = memory.swap {
                let own = swap < 0 ? "max" : "\(max(0, swap - max(0, memory.limit ?? 0)))"
                let implied = swap == -1 || swap == (memory.limit ?? 0) * 2
                result.append(CgroupSetting("memory", "memory.swap.max", own, for: "the swap limit", optional: implied))
            }
            if let reservation = memory.reservation {
                result.append(CgroupSetting("memory", "memory.low", text(reservation), for: "the memory reservation"))
            }
        }
        if let cpu = resources.cpu {
            if let shares = cpu.shares, shares > 0 {
                let weight = 1 + ((min(max(shares, 2), 262_144) - 2) * 9999) / 262_142
                result.append(CgroupSetting("cpu", "cpu.weight", "\(weight)", for: "CPU shares"))
            }
            if cpu.quota ?? 0 != 0 || cpu.period ?? 0 != 0 {
                let quota = cpu.quota ?? -1
                result.append(
                    CgroupSetting(
                        "cpu", "cpu.max",
                        "\(quota > 0 ? "\(quota)" : "max") \(cpu.period.map { $0 == 0 ? 100_000 : $0 } ?? 100_000)",
                        for: "the CPU quota"))
            }
            if let burst = cpu.burst { result.append(CgroupSetting("cpu", "cpu.max.burst", "\(burst)", for: "the CPU burst")) }
            if let cpus = cpu.cpus, !cpus.isEmpty {
                result.append(CgroupSetting("cpuset", "cpuset.cpus", cpus, for: "the set of CPUs"))
            }
            if let nodes = cpu.mems, !nodes.isEmpty {
                result.append(CgroupSetting("cpuset", "cpuset.mems", nodes, for: "the set of memory nodes"))
            }
        }
        if let pids = resources.pids {
            result.append(
                CgroupSetting(
                    "pids", "pids.max", pids.limit > 0 ? "\(pids.limit)" : "max", for: "the limit on processes",
                    optional: pids.limit <= 0))
        }
        if let io = resources.blockIO { result += unifiedIO(io) }
        for limit in resources.hugepageLimits ?? [] {
            result.append(
                CgroupSetting("hugetlb", "hugetlb.\(limit.pageSize).max", "\(limit.limit)", for: "the limit on huge pages"))
        }
        for (file, value) in (resources.unified ?? [:]).sorted(by: { $0.key < $1.key }) {
            result.append(CgroupSetting(String(file.prefix { $0 != "." }), file, value, for: "the raw value `\(file)`"))
        }
        return result
    }

    private static func unifiedIO(_ io: RuntimeSpecification.BlockIO) -> [CgroupSetting] {
        var result: [CgroupSetting] = []
        if let weight = io.weight, weight > 0 {
            result.append(CgroupSetting("io", "io.bfq.weight", "\(weight)", for: "the block IO weight"))
        }
        for device in io.weightDevice ?? [] {
            guard let weight = device.weight else { continue }
            result.append(
                CgroupSetting(
                    "io", "io.bfq.weight", "\(device.major):\(device.minor) \(weight)", for: "the block IO weight of a device"))
        }
        let throttles: [([RuntimeSpecification.ThrottleDevice]?, String)] = [
            (io.throttleReadBpsDevice, "rbps"), (io.throttleWriteBpsDevice, "wbps"), (io.throttleReadIOPSDevice, "riops"),
            (io.throttleWriteIOPSDevice, "wiops"),
        ]
        for (devices, name) in throttles {
            for device in devices ?? [] {
                result.append(
                    CgroupSetting(
                        "io", "io.max", "\(device.major):\(device.minor) \(name)=\(device.rate)", for: "the block IO limit"))
            }
        }
        return result
    }
}

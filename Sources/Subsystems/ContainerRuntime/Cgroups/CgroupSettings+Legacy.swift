package import Essentials
package import OCI

/// Turns the specification's limits into control files' values; pure. Zero means unset where the specification has no pointers.
package enum CgroupSettings {
    /// For cgroup v1, in the order in which they are written. Source: kernel, admin-guide/cgroup-v1.
    /// - Throws: `unsupported` for what only cgroup v2 has.
    package static func legacy(_ resources: RuntimeSpecification.Resources) throws(GantryError) -> [CgroupSetting] {
        if let file = resources.unified?.keys.sorted().first {
            throw .unsupported("the raw value `\(file)` cannot be set: the host has cgroup v1, and raw values are cgroup v2's")
        }
        var result: [CgroupSetting] = []
        if let memory = resources.memory { result += legacyMemory(memory) }
        if let cpu = resources.cpu { result += legacyCPU(cpu) }
        if let pids = resources.pids { result.append(processes(pids)) }
        if let io = resources.blockIO { result += legacyBlockIO(io) }
        for limit in resources.hugepageLimits ?? [] {
            result += hugePages(limit, file: "limit_in_bytes")
        }
        if let network = resources.network { result += legacyNetwork(network) }
        return result + rdma(resources)
    }

    static func processes(_ pids: RuntimeSpecification.PIDs) -> CgroupSetting {
        CgroupSetting(
            "pids", "pids.max", pids.limit > 0 ? "\(pids.limit)" : "max", for: "the limit on processes", optional: pids.limit <= 0)
    }

    /// Pages in use, and pages reserved by mappings that do not use them yet; older kernels know only the first.
    static func hugePages(_ limit: RuntimeSpecification.HugepageLimit, file: String) -> [CgroupSetting] {
        ["", "rsvd."].map {
            CgroupSetting(
                "hugetlb", "hugetlb.\(limit.pageSize).\($0)\(file)", "\(limit.limit)",
                for: "the limit on huge pages of \(limit.pageSize)", optional: !$0.isEmpty)
        }
    }

    static func rdma(_ resources: RuntimeSpecification.Resources) -> [CgroupSetting] {
        (resources.rdma ?? [:]).sorted { $0.key < $1.key }.map { name, limit in
            let words = [name, limit.hcaHandles.map { "hca_handle=\($0)" }, limit.hcaObjects.map { "hca_object=\($0)" }]
            return CgroupSetting(
                "rdma", "rdma.max", words.compactMap { $0 }.joined(separator: " "), for: "the limit on RDMA device \(name)")
        }
    }

    private static func legacyMemory(_ memory: RuntimeSpecification.Memory) -> [CgroupSetting] {
        var result: [CgroupSetting] = []
        func add(_ file: String, _ value: Int64?, _ purpose: String, optional: Bool = false) {
            guard let value, value != 0 else { return }
            result.append(CgroupSetting("memory", file, "\(value)", for: purpose, optional: optional))
        }
        add("memory.limit_in_bytes", memory.limit, "the memory limit", optional: memory.limit == -1)
        if memory.limit == -1, memory.swap ?? 0 == 0 {
            // Memory without a limit together with swap that has one is not possible.
            add("memory.memsw.limit_in_bytes", -1, "the swap limit", optional: true)
        }
        // Docker's default of twice the memory is a default, not a wish.
        let isImplied = memory.swap == -1 || memory.swap == (memory.limit ?? 0) * 2
        add("memory.memsw.limit_in_bytes", memory.swap, "the swap limit", optional: isImplied)
        add("memory.soft_limit_in_bytes", memory.reservation, "the memory reservation", optional: memory.reservation == -1)
        add("memory.kmem.limit_in_bytes", memory.kernel, "the limit on kernel memory", optional: memory.kernel == -1)
        add("memory.kmem.tcp.limit_in_bytes", memory.kernelTCP, "the limit on TCP buffers", optional: memory.kernelTCP == -1)
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
        func add(_ file: String, _ value: (some BinaryInteger)?, _ purpose: String) {
            guard let value, value != 0 else { return }
            result.append(CgroupSetting("cpu", file, "\(value)", for: purpose))
        }
        add("cpu.shares", cpu.shares, "CPU shares")
        add("cpu.cfs_period_us", cpu.period, "the CPU period")
        add("cpu.cfs_quota_us", cpu.quota, "the CPU quota")
        result += burst(cpu, file: "cpu.cfs_burst_us")
        add("cpu.rt_period_us", cpu.realtimePeriod, "the real-time period")
        add("cpu.rt_runtime_us", cpu.realtimeRuntime, "the real-time run time")
        return result + sets(cpu) + idle(cpu)
    }

    /// Same files in both versions.
    static func sets(_ cpu: RuntimeSpecification.CPU) -> [CgroupSetting] {
        [("cpuset.cpus", cpu.cpus, "the set of CPUs"), ("cpuset.mems", cpu.mems, "the set of memory nodes")].compactMap {
            file, value, purpose in
            guard let value, !value.isEmpty else { return nil }
            return CgroupSetting("cpuset", file, value, for: purpose)
        }
    }

    static func burst(_ cpu: RuntimeSpecification.CPU, file: String) -> [CgroupSetting] {
        cpu.burst.map { [CgroupSetting("cpu", file, "\($0)", for: "the CPU burst", optional: $0 == 0)] } ?? []
    }

    /// Same file in both versions.
    static func idle(_ cpu: RuntimeSpecification.CPU) -> [CgroupSetting] {
        cpu.idle.map { [CgroupSetting("cpu", "cpu.idle", "\($0)", for: "idle scheduling", optional: $0 == 0)] } ?? []
    }

    private static func legacyBlockIO(_ io: RuntimeSpecification.BlockIO) -> [CgroupSetting] {
        var result: [CgroupSetting] = []
        // Since Linux 5.0 only the scheduler BFQ has weights.
        func weight(_ name: String, _ value: String, _ purpose: String) {
            result.append(CgroupSetting("blkio", "blkio.bfq.\(name)", value, for: purpose, or: ("blkio.\(name)", value)))
        }
        if let value = io.weight, value > 0 { weight("weight", "\(value)", "the block IO weight") }
        if let value = io.leafWeight, value > 0 { weight("leaf_weight", "\(value)", "the block IO leaf weight") }
        for device in io.weightDevice ?? [] {
            let name = "\(device.major):\(device.minor)"
            if let value = device.weight { weight("weight_device", "\(name) \(value)", "the block IO weight of device \(name)") }
            if let value = device.leafWeight {
                weight("leaf_weight_device", "\(name) \(value)", "the block IO leaf weight of device \(name)")
            }
        }
        let throttles: [([RuntimeSpecification.ThrottleDevice]?, String)] = [
            (io.throttleReadBpsDevice, "read_bps"), (io.throttleWriteBpsDevice, "write_bps"),
            (io.throttleReadIOPSDevice, "read_iops"), (io.throttleWriteIOPSDevice, "write_iops"),
        ]
        for (devices, name) in throttles {
            for device in devices ?? [] {
                result.append(
                    CgroupSetting(
                        "blkio", "blkio.throttle.\(name)_device", "\(device.major):\(device.minor) \(device.rate)",
                        for: "the block IO limit of device \(device.major):\(device.minor)"))
            }
        }
        return result
    }

    private static func legacyNetwork(_ network: RuntimeSpecification.NetworkClass) -> [CgroupSetting] {
        var result: [CgroupSetting] = []
        if let classID = network.classID, classID != 0 {
            result.append(CgroupSetting("net_cls", "net_cls.classid", "\(classID)", for: "the class of network packets"))
        }
        for priority in network.priorities ?? [] {
            result.append(
                CgroupSetting(
                    "net_prio", "net_prio.ifpriomap", "\(priority.name) \(priority.priority)",
                    for: "the network priority on \(priority.name)"))
        }
        return result
    }

    /// What goes to `devices.deny` and `devices.allow`, in order. Source: kernel, cgroup-v1/devices.
    /// - Throws: `invalid` for an unknown type or access, which the kernel would answer with less.
    package static func deviceRules(_ rules: [RuntimeSpecification.DeviceRule]) throws(GantryError) -> [CgroupSetting] {
        _ = try DeviceProgram(rules)
        return rules.flatMap(DeviceRules.splitByType).filter { DeviceRules.isForEverything($0) || $0.access ?? "" != "" }.map {
            rule in
            func number(_ value: Int64?) -> String { value.map { $0 < 0 ? "*" : "\($0)" } ?? "*" }
            // An unbuffered character device is a character device to the kernel.
            let type = rule.type == "u" ? "c" : rule.type ?? "a"
            let value =
                DeviceRules.isForEverything(rule)
                ? "a" : "\(type) \(number(rule.major)):\(number(rule.minor)) \(rule.access ?? "")"
            return CgroupSetting("devices", rule.allow ? "devices.allow" : "devices.deny", value, for: "the rules on devices")
        }
    }
}

package import Essentials
package import OCI

extension CgroupSettings {
    /// For cgroup v2, in the order in which they are written. Source: kernel, admin-guide/cgroup-v2; the conversions are those of the
    /// OCI runtime-spec's cgroup v2 notes.
    /// - Throws: `unsupported` for what only cgroup v1 has, `invalid` for swap that is less than memory or without it.
    package static func unified(_ resources: RuntimeSpecification.Resources) throws(GantryError) -> [CgroupSetting] {
        var result: [CgroupSetting] = []
        if let memory = resources.memory { result += try unifiedMemory(memory) }
        if let cpu = resources.cpu { result += try unifiedCPU(cpu) }
        if let pids = resources.pids { result.append(processes(pids)) }
        if let io = resources.blockIO { result += try unifiedIO(io) }
        for limit in resources.hugepageLimits ?? [] { result += hugePages(limit, file: "max") }
        if let network = resources.network, network.classID ?? 0 != 0 || !(network.priorities ?? []).isEmpty {
            throw .unsupported(
                "classes and priorities of network packets need the cgroup v1 controllers `net_cls` and `net_prio`: the host has v2"
            )
        }
        result += rdma(resources)
        for (file, value) in (resources.unified ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard !file.contains("/"), file.contains("."), !file.hasPrefix("."), !file.hasPrefix("cgroup.") else {
                throw .invalid("the raw value `\(file)` is not a control file of a controller, such as `memory.high`")
            }
            for line in value.split(separator: "\n") {
                result.append(CgroupSetting(String(file.prefix { $0 != "." }), file, String(line), for: "the raw value `\(file)`"))
            }
        }
        return result
    }

    private static func unifiedMemory(_ memory: RuntimeSpecification.Memory) throws(GantryError) -> [CgroupSetting] {
        guard memory.swappiness == nil else {
            throw .unsupported("the memory's swappiness cannot be set: the host has cgroup v2, which has none for each group")
        }
        guard memory.disableOOMKiller != true else {
            throw .unsupported("the OOM killer cannot be disabled: the host has cgroup v2, where it always works")
        }
        for (value, name) in [(memory.kernel, "kernel memory"), (memory.kernelTCP, "TCP buffers")] where value ?? 0 > 0 {
            throw .unsupported("the limit on \(name) cannot be set: the host has cgroup v2, which counts it as memory")
        }
        var result: [CgroupSetting] = []
        func add(_ file: String, _ value: Int64?, _ purpose: String, optional: Bool = false) {
            guard let value else { return }
            result.append(
                CgroupSetting("memory", file, value < 0 ? "max" : "\(value)", for: purpose, optional: optional || value < 0))
        }
        add("memory.max", memory.limit == 0 ? nil : memory.limit, "the memory limit")
        let isImplied = memory.swap == (memory.limit ?? 0) * 2
        add("memory.swap.max", try swapAlone(memory), "the swap limit", optional: isImplied)
        add("memory.low", memory.reservation == 0 ? nil : memory.reservation, "the memory reservation")
        return result
    }

    /// The specification counts memory and swap together, cgroup v2 swap alone. nil: unset.
    private static func swapAlone(_ memory: RuntimeSpecification.Memory) throws(GantryError) -> Int64? {
        guard let swap = memory.swap, swap != 0 else { return memory.limit == -1 ? -1 : nil }
        if swap < 0 { return -1 }
        guard let limit = memory.limit, limit > 0 else {
            throw .invalid("a swap limit of \(swap) needs a memory limit: on cgroup v2 it is what remains beside the memory")
        }
        guard swap >= limit else { throw .invalid("the swap limit \(swap) must not be less than the memory limit \(limit)") }
        return swap - limit
    }

    private static func unifiedCPU(_ cpu: RuntimeSpecification.CPU) throws(GantryError) -> [CgroupSetting] {
        guard cpu.realtimePeriod ?? 0 == 0, cpu.realtimeRuntime ?? 0 == 0 else {
            throw .unsupported("real-time run times cannot be set: the host has cgroup v2, which has none for each group")
        }
        var result: [CgroupSetting] = []
        if let shares = cpu.shares, shares > 0 {
            result.append(CgroupSetting("cpu", "cpu.weight", "\(weight(shares: shares))", for: "CPU shares"))
        }
        if cpu.quota ?? 0 != 0 || cpu.period ?? 0 != 0 {
            let quota = cpu.quota ?? 0
            // A quota alone leaves the period as it is.
            let words = [quota > 0 ? "\(quota)" : "max"] + (cpu.period.map { $0 == 0 ? [] : ["\($0)"] } ?? [])
            result.append(CgroupSetting("cpu", "cpu.max", words.joined(separator: " "), for: "the CPU quota"))
        }
        result += burst(cpu, file: "cpu.max.burst")
        return result + sets(cpu) + idle(cpu)
    }

    /// 2…262144 → 1…10000.
    static func weight(shares: UInt64) -> UInt64 { 1 + ((min(max(shares, 2), 262_144) - 2) * 9999) / 262_142 }

    /// 10…1000 → 1…10000, for kernels that weigh with `io.weight`.
    static func weight(blockIO: UInt16) -> UInt64 { 1 + (UInt64(min(max(blockIO, 10), 1000)) - 10) * 9999 / 990 }

    private static func unifiedIO(_ io: RuntimeSpecification.BlockIO) throws(GantryError) -> [CgroupSetting] {
        guard io.leafWeight ?? 0 == 0, !(io.weightDevice ?? []).contains(where: { $0.leafWeight ?? 0 != 0 }) else {
            throw .unsupported("leaf weights cannot be set: the host has cgroup v2, which has none")
        }
        var result: [CgroupSetting] = []
        if let value = io.weight, value > 0 {
            result.append(
                CgroupSetting(
                    "io", "io.bfq.weight", "\(value)", for: "the block IO weight", or: ("io.weight", "\(weight(blockIO: value))")))
        }
        for device in io.weightDevice ?? [] {
            guard let value = device.weight else { continue }
            let name = "\(device.major):\(device.minor)"
            result.append(
                CgroupSetting(
                    "io", "io.bfq.weight", "\(name) \(value)", for: "the block IO weight of device \(name)",
                    or: ("io.weight", "\(name) \(weight(blockIO: value))")))
        }
        let throttles: [([RuntimeSpecification.ThrottleDevice]?, String)] = [
            (io.throttleReadBpsDevice, "rbps"), (io.throttleWriteBpsDevice, "wbps"), (io.throttleReadIOPSDevice, "riops"),
            (io.throttleWriteIOPSDevice, "wiops"),
        ]
        for (devices, name) in throttles {
            for device in devices ?? [] {
                let rate = device.rate == 0 ? "max" : "\(device.rate)"
                result.append(
                    CgroupSetting(
                        "io", "io.max", "\(device.major):\(device.minor) \(name)=\(rate)",
                        for: "the block IO limit of device \(device.major):\(device.minor)"))
            }
        }
        return result
    }
}

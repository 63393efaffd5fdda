import ContainerRuntime
import Essentials

/// Fits settings to what the host's kernel can do, in Docker's words: some limits are discarded with a warning, others refused.
/// Source: Engine API, ContainerCreate and ContainerUpdate, `Warnings`.
struct ResourceSupport {
    let features: CgroupFeatures
    let isUnified: Bool

    init(_ cgroups: CgroupHost) { self.init(features: cgroups.features(), isUnified: cgroups.version == "2") }

    init(features: CgroupFeatures, isUnified: Bool) {
        self.features = features
        self.isUnified = isUnified
    }

    /// Sets what Docker sets by default, then takes away what the host cannot give.
    /// - Parameter isUpdate: unset values stay as they are, so nothing is set by default.
    /// - Returns: a warning for each limit that was discarded.
    /// - Throws: `invalid` for processors or memory nodes that the host does not have, `unsupported` for what is never discarded.
    func adapt(_ resources: inout ResourceSettings, isUpdate: Bool = false) throws(GantryError) -> [String] {
        if !isUpdate, resources.memory > 0, resources.memorySwap == 0 {
            // As much swap as memory, or no limit where the sum is too large to say.
            let sum = resources.memory.multipliedReportingOverflow(by: 2)
            resources.memorySwap = sum.overflow ? -1 : sum.partialValue
        }
        var warnings = discardMemory(&resources)
        if !features.pids, resources.pidsLimit ?? 0 > 0 {
            warnings.append(Self.discarded("PIDs limit capabilities", "PIDs limit"))
            resources.pidsLimit = nil
        }
        warnings += try discardProcessors(&resources)
        return warnings + discardBlockIO(&resources)
    }

    private static func discarded(_ capability: String, _ what: String) -> String {
        "Your kernel does not support \(capability) or the cgroup is not mounted. \(what) discarded."
    }

    private func discardMemory(_ resources: inout ResourceSettings) -> [String] {
        var warnings: [String] = []
        if !features.memoryLimit, resources.memory > 0 {
            warnings.append(Self.discarded("memory limit capabilities", "Limitation"))
            resources.memory = 0
            resources.memorySwap = -1
        }
        if !features.swapLimit, resources.memory > 0, resources.memorySwap != -1 {
            warnings.append(
                "Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.")
            resources.memorySwap = -1
        }
        if !features.swappiness, let swappiness = resources.memorySwappiness, swappiness != -1 {
            warnings.append(Self.discarded("memory swappiness capabilities", "Memory swappiness"))
            resources.memorySwappiness = nil
        }
        if !features.memoryReservation, resources.memoryReservation > 0 {
            warnings.append(Self.discarded("memory soft limit capabilities", "Limitation"))
            resources.memoryReservation = 0
        }
        if !features.kernelMemoryTCP, resources.kernelMemoryTCP > 0 {
            warnings.append(Self.discarded("kernel memory TCP limit capabilities", "Limitation"))
            resources.kernelMemoryTCP = 0
        }
        if resources.oomKillDisable == true {
            if !features.oomKillDisable {
                warnings.append("Your kernel does not support OomKillDisable. OomKillDisable discarded.")
                resources.oomKillDisable = nil
            } else if resources.memory == 0 {
                warnings.append(
                    "OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources."
                )
            }
        }
        return warnings
    }

    private func discardProcessors(_ resources: inout ResourceSettings) throws(GantryError) -> [String] {
        var warnings: [String] = []
        if !features.cpuQuota, resources.nanoCPUs > 0 {
            throw .unsupported(
                "NanoCPUs can not be set, as your kernel does not support CPU CFS scheduler or the cgroup is not mounted")
        }
        if !features.cpuRealtime, resources.cpuRealtimePeriod != 0 || resources.cpuRealtimeRuntime != 0 {
            throw .unsupported("Your kernel does not support CPU real-time scheduler")
        }
        if !features.cpuShares, resources.cpuShares > 0 {
            warnings.append(Self.discarded("CPU shares", "Shares"))
            resources.cpuShares = 0
        }
        if !features.cpuQuota, resources.cpuPeriod > 0 || resources.cpuQuota > 0 {
            warnings.append(Self.discarded("CPU CFS scheduler", "CPU period/quota"))
            resources.cpuPeriod = 0
            resources.cpuQuota = 0
        }
        if !features.cpuset, !resources.cpusetCPUs.isEmpty || !resources.cpusetMems.isEmpty {
            warnings.append(Self.discarded("cpuset", "Cpuset"))
            resources.cpusetCPUs = ""
            resources.cpusetMems = ""
        }
        try checkSet(resources.cpusetCPUs, features.availableCPUs, "cpus", "CPUs")
        try checkSet(resources.cpusetMems, features.availableNodes, "mems", "memory nodes")
        return warnings
    }

    private func checkSet(_ text: String, _ available: String, _ short: String, _ long: String) throws(GantryError) {
        guard !text.isEmpty else { return }
        guard let wanted = NumberSet(text) else { throw .invalid("Invalid value \(text) for cpuset \(short)") }
        // A host that does not say what it has leaves the refusal to the kernel.
        guard let there = NumberSet(available), !there.numbers.isEmpty else { return }
        guard wanted.isSubset(of: there) else {
            throw .invalid("Requested \(long) are not available - requested \(text), available: \(available)")
        }
    }

    private func discardBlockIO(_ resources: inout ResourceSettings) -> [String] {
        var warnings: [String] = []
        if !features.blkioWeight, resources.blkioWeight > 0 {
            warnings.append(Self.discarded("Block I/O weight", "Weight"))
            resources.blkioWeight = 0
        }
        func drop(_ isOffered: Bool, _ list: inout [ResourceSettings.DeviceLimit], _ capability: String, _ what: String) {
            guard !isOffered, !list.isEmpty else { return }
            warnings.append(Self.discarded(capability, what))
            list = []
        }
        drop(features.blkioWeightDevice, &resources.blkioWeightDevices, "Block I/O weight_device", "Weight-device")
        drop(features.blkioReadBps, &resources.blkioReadBps, "BPS Block I/O read limit", "Block I/O BPS read limit")
        drop(features.blkioWriteBps, &resources.blkioWriteBps, "BPS Block I/O write limit", "Block I/O BPS write limit")
        drop(features.blkioReadIOps, &resources.blkioReadIOps, "IOPS Block read limit", "Block I/O IOPS read limit")
        drop(features.blkioWriteIOps, &resources.blkioWriteIOps, "IOPS Block write limit", "Block I/O IOPS write limit")
        return warnings
    }

    /// What `docker info` warns of.
    var hostWarnings: [String] {
        var lacking: [(Bool, String)] = [
            (features.memoryLimit, "memory limit"), (features.swapLimit, "swap limit"), (features.cpuQuota, "cpu cfs quota"),
            (features.cpuQuota, "cpu cfs period"), (features.cpuShares, "cpu shares"), (features.cpuset, "cpuset"),
        ]
        if isUnified {
            lacking += [
                (features.blkioWeight, "io.weight"), (features.blkioWeightDevice, "io.weight (per device)"),
                (features.blkioReadBps, "io.max (rbps)"), (features.blkioWriteBps, "io.max (wbps)"),
                (features.blkioReadIOps, "io.max (riops)"), (features.blkioWriteIOps, "io.max (wiops)"),
            ]
        } else {
            // Weights are missing on nearly every v1 host since Linux 5.0: no news.
            lacking += [
                (features.oomKillDisable, "oom kill disable"), (features.blkioReadBps, "blkio throttle.read_bps_device"),
                (features.blkioWriteBps, "blkio throttle.write_bps_device"),
                (features.blkioReadIOps, "blkio throttle.read_iops_device"),
                (features.blkioWriteIOps, "blkio throttle.write_iops_device"),
            ]
        }
        return lacking.filter { !$0.0 }.map { "WARNING: No \($0.1) support" }
    }
}

internal import LinuxSystem
internal import Synchronization

/// Which limits the host's kernel can give. Found once, by the control files that a group of ours has.
package struct CgroupFeatures: Sendable, Equatable {
    package var memoryLimit = false
    package var memoryReservation = false
    package var swapLimit = false
    package var swappiness = false
    package var oomKillDisable = false
    package var kernelMemoryTCP = false
    package var cpuShares = false
    /// Quota and period.
    package var cpuQuota = false
    package var cpuRealtime = false
    package var cpuset = false
    package var pids = false
    package var blkioWeight = false
    package var blkioWeightDevice = false
    package var blkioReadBps = false
    package var blkioWriteBps = false
    package var blkioReadIOps = false
    package var blkioWriteIOps = false
    /// In the kernel's form, such as `0-3`; empty when unknown.
    package var availableCPUs = ""
    package var availableNodes = ""

    package init() {}

    /// - Parameter exists: whether a group has the file of a controller.
    package init(isUnified: Bool, exists: (_ controller: String, _ file: String) -> Bool) {
        if isUnified { findUnified(exists) } else { findLegacy(exists) }
    }

    private mutating func findLegacy(_ exists: (String, String) -> Bool) {
        memoryLimit = exists("memory", "memory.limit_in_bytes")
        memoryReservation = exists("memory", "memory.soft_limit_in_bytes")
        swapLimit = exists("memory", "memory.memsw.limit_in_bytes")
        swappiness = exists("memory", "memory.swappiness")
        oomKillDisable = exists("memory", "memory.oom_control")
        kernelMemoryTCP = exists("memory", "memory.kmem.tcp.limit_in_bytes")
        cpuShares = exists("cpu", "cpu.shares")
        cpuQuota = exists("cpu", "cpu.cfs_quota_us")
        cpuRealtime = exists("cpu", "cpu.rt_runtime_us")
        cpuset = exists("cpuset", "cpuset.cpus")
        pids = exists("pids", "pids.max")
        blkioWeight = exists("blkio", "blkio.bfq.weight") || exists("blkio", "blkio.weight")
        blkioWeightDevice = exists("blkio", "blkio.bfq.weight_device") || exists("blkio", "blkio.weight_device")
        blkioReadBps = exists("blkio", "blkio.throttle.read_bps_device")
        blkioWriteBps = exists("blkio", "blkio.throttle.write_bps_device")
        blkioReadIOps = exists("blkio", "blkio.throttle.read_iops_device")
        blkioWriteIOps = exists("blkio", "blkio.throttle.write_iops_device")
    }

    private mutating func findUnified(_ exists: (String, String) -> Bool) {
        memoryLimit = exists("memory", "memory.max")
        memoryReservation = exists("memory", "memory.low")
        swapLimit = exists("memory", "memory.swap.max")
        cpuShares = exists("cpu", "cpu.weight")
        cpuQuota = exists("cpu", "cpu.max")
        cpuset = exists("cpuset", "cpuset.cpus")
        pids = exists("pids", "pids.max")
        blkioWeight = exists("io", "io.bfq.weight") || exists("io", "io.weight")
        blkioWeightDevice = blkioWeight
        blkioReadBps = exists("io", "io.max")
        (blkioWriteBps, blkioReadIOps, blkioWriteIOps) = (blkioReadBps, blkioReadBps, blkioReadBps)
    }
}

extension CgroupHost {
    /// Looks at our parent group, which is made for it if need be: the root of a v2 tree lacks most files.
    package func features() -> CgroupFeatures {
        if let known = knownFeatures.withLock({ $0 }) { return known }
        let parent = Self.defaultParent
        if layout.isUnified { try? enableControllers(for: parent) }
        for directory in layout.directories(parent) { try? FileSystem.makeDirectories(directory) }
        var result = CgroupFeatures(isUnified: layout.isUnified) { controller, file in
            // Where no group can be made, what the top has must do.
            [parent, ""].contains { path in
                layout.directory(path, controller: controller).map { FileSystem.exists("\($0)/\(file)") } ?? false
            }
        }
        func list(_ name: String) -> String {
            let file = layout.isUnified ? "cpuset.\(name).effective" : "cpuset.effective_\(name)"
            let text = layout.directory("", controller: "cpuset").flatMap { try? FileSystem.readText("\($0)/\(file)") }
            return (text ?? "").filter { !$0.isWhitespace }
        }
        result.availableCPUs = list("cpus")
        result.availableNodes = list("mems")
        let found = result
        knownFeatures.withLock { $0 = found }
        return found
    }
}

import CLinux
import ContainerRuntime
import Essentials
import LinuxSystem
import OCI

/// Limits as the runtime takes them; zero means unset.
extension SpecificationBuilder {
    /// - Throws: `invalid` for a block device that is not there.
    static func resources(_ settings: ResourceSettings) throws -> RuntimeSpecification.Resources {
        var result = RuntimeSpecification.Resources()
        result.memory = memory(settings)
        result.cpu = processors(settings)
        // Unlimited is a value too: an update may say so.
        result.pids = settings.pidsLimit.map { RuntimeSpecification.PIDs(limit: $0 > 0 ? $0 : -1) }
        result.blockIO = try blockIO(settings)
        return result
    }

    private static func memory(_ settings: ResourceSettings) -> RuntimeSpecification.Memory? {
        var memory = RuntimeSpecification.Memory()
        memory.limit = settings.memory != 0 ? settings.memory : nil
        memory.reservation = settings.memoryReservation != 0 ? settings.memoryReservation : nil
        // Unset swap is as much again as the memory.
        memory.swap = settings.memorySwap != 0 ? settings.memorySwap : settings.memory > 0 ? settings.memory * 2 : nil
        memory.kernelTCP = settings.kernelMemoryTCP != 0 ? settings.kernelMemoryTCP : nil
        memory.swappiness = settings.memorySwappiness.flatMap { $0 >= 0 ? UInt64($0) : nil }
        memory.disableOOMKiller = settings.oomKillDisable == true ? true : nil
        return memory == RuntimeSpecification.Memory() ? nil : memory
    }

    private static func processors(_ settings: ResourceSettings) -> RuntimeSpecification.CPU {
        var cpu = RuntimeSpecification.CPU()
        cpu.shares = settings.cpuShares > 0 ? UInt64(settings.cpuShares) : nil
        cpu.quota = settings.cpuQuota != 0 ? settings.cpuQuota : nil
        cpu.period = settings.cpuPeriod > 0 ? UInt64(settings.cpuPeriod) : nil
        if settings.nanoCPUs > 0 {
            cpu.period = 100_000
            cpu.quota = settings.nanoCPUs / 10_000
        }
        cpu.realtimePeriod = settings.cpuRealtimePeriod > 0 ? UInt64(settings.cpuRealtimePeriod) : nil
        cpu.realtimeRuntime = settings.cpuRealtimeRuntime != 0 ? settings.cpuRealtimeRuntime : nil
        cpu.cpus = settings.cpusetCPUs.isEmpty ? nil : settings.cpusetCPUs
        cpu.mems = settings.cpusetMems.isEmpty ? nil : settings.cpusetMems
        return cpu
    }

    private static func blockIO(_ settings: ResourceSettings) throws -> RuntimeSpecification.BlockIO? {
        var block = RuntimeSpecification.BlockIO()
        block.weight = settings.blkioWeight > 0 ? settings.blkioWeight : nil
        if !settings.blkioWeightDevices.isEmpty {
            block.weightDevice = try settings.blkioWeightDevices.map { limit in
                let device = try numbers(limit.path)
                return RuntimeSpecification.WeightDevice(
                    major: device.major, minor: device.minor, weight: UInt16(clamping: limit.value))
            }
        }
        func throttle(_ limits: [ResourceSettings.DeviceLimit]) throws -> [RuntimeSpecification.ThrottleDevice]? {
            guard !limits.isEmpty else { return nil }
            return try limits.map { limit in
                let device = try numbers(limit.path)
                return RuntimeSpecification.ThrottleDevice(major: device.major, minor: device.minor, rate: limit.value)
            }
        }
        block.throttleReadBpsDevice = try throttle(settings.blkioReadBps)
        block.throttleWriteBpsDevice = try throttle(settings.blkioWriteBps)
        block.throttleReadIOPSDevice = try throttle(settings.blkioReadIOps)
        block.throttleWriteIOPSDevice = try throttle(settings.blkioWriteIOps)
        return block == RuntimeSpecification.BlockIO() ? nil : block
    }

    private static func numbers(_ path: String) throws(GantryError) -> (major: Int64, minor: Int64) {
        let status: FileStatus
        do { status = try FileStatus(path, follow: true) } catch {
            throw .invalid("stat \(path): \(error.reason)", cause: error)
        }
        guard status.kind == .blockDevice else { throw .invalid("`\(path)` is not a block device") }
        return (Int64(gantry_major(status.specialDevice)), Int64(gantry_minor(status.specialDevice)))
    }
}

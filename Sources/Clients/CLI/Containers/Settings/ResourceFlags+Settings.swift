import DockerAPI
import Essentials

extension ResourceFlags {
    /// Limits and devices. Source: Engine API 1.51, Resources.
    func apply(to host: inout HostConfig) throws {
        try applyMemory(to: &host)
        try applyProcessors(to: &host)
        try applyBlockDevices(to: &host)
        host.devices = try device.filter { !DeviceFlag.isQualifiedName($0) }.map(DeviceFlag.parse)
        for rule in deviceCgroupRule where !DeviceFlag.isRule(rule) {
            throw UsageError.invalid(rule, flag: "--device-cgroup-rule", "invalid device cgroup format '\(rule)'")
        }
        host.deviceCgroupRules = deviceCgroupRule
        host.deviceRequests = try gpus.map(GraphicsFlag.parse) + DeviceFlag.requests(device)
        host.ulimits = try UlimitFlag.parse(ulimit)
    }

    private func applyMemory(to host: inout HostConfig) throws {
        func bytes(_ text: String?, _ flag: String) throws -> Int64 { try text.map { try FlagValue.bytes($0, flag: flag) } ?? 0 }
        host.memory = try bytes(memory, "-m, --memory")
        host.memoryReservation = try bytes(memoryReservation, "--memory-reservation")
        host.memorySwap = memorySwap == "-1" ? -1 : try bytes(memorySwap, "--memory-swap")
        host.shmSize = try bytes(shmSize, "--shm-size")
        if let kernelMemory { _ = try FlagValue.bytes(kernelMemory, flag: "--kernel-memory") }
        if let memorySwappiness {
            let value: Int64 = try FlagValue.integer(memorySwappiness, flag: "--memory-swappiness")
            guard value == -1 || (0...100).contains(value) else {
                throw GantryError.invalid("invalid value: \(value). Valid memory swappiness range is 0-100")
            }
            host.memorySwappiness = value == -1 ? nil : value
        }
        host.oomKillDisable = oomKillDisable ? true : nil
        host.oomScoreAdj = try oomScoreAdj.map { try FlagValue.integer($0, flag: "--oom-score-adj", as: Int.self) } ?? 0
        host.pidsLimit = try pidsLimit.map { try FlagValue.integer($0, flag: "--pids-limit") }
    }

    private func applyProcessors(to host: inout HostConfig) throws {
        func number(_ text: String?, _ flag: String) throws -> Int64 { try text.map { try FlagValue.integer($0, flag: flag) } ?? 0 }
        host.nanoCpus = try cpus.map { try Self.nanoCPUs($0) } ?? 0
        host.cpuShares = try number(cpuShares, "-c, --cpu-shares")
        host.cpuPeriod = try number(cpuPeriod, "--cpu-period")
        host.cpuQuota = try number(cpuQuota, "--cpu-quota")
        host.cpuRealtimePeriod = try number(cpuRtPeriod, "--cpu-rt-period")
        host.cpuRealtimeRuntime = try number(cpuRtRuntime, "--cpu-rt-runtime")
        host.cpusetCpus = cpusetCpus
        host.cpusetMems = cpusetMems
        host.cpuCount = try number(cpuCount, "--cpu-count")
        host.cpuPercent = try number(cpuPercent, "--cpu-percent")
        host.ioMaximumIOps = try ioMaxiops.map { try FlagValue.integer($0, flag: "--io-maxiops", as: UInt64.self) } ?? 0
        host.ioMaximumBandwidth = UInt64(try ioMaxbandwidth.map { try FlagValue.bytes($0, flag: "--io-maxbandwidth") } ?? 0)
    }

    /// Billionths of a processor of `1.5` or `3/2`.
    static func nanoCPUs(_ text: String) throws -> Int64 {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) }
        let value: Double? =
            switch parts.count {
            case 1: parts[0]
            case 2: parts[0].flatMap { top in parts[1].flatMap { $0 == 0 ? nil : top / $0 } }
            default: nil
            }
        guard let value, value.isFinite, value.magnitude < 9e9 else {
            throw UsageError.invalid(text, flag: "--cpus", "failed to parse \(text) as a rational number")
        }
        let nano = value * 1e9
        guard (nano - nano.rounded()).magnitude < 1e-3 else {
            throw UsageError.invalid(text, flag: "--cpus", "value is too precise")
        }
        return Int64(nano.rounded())
    }

    private func applyBlockDevices(to host: inout HostConfig) throws {
        host.blkioWeight = try blkioWeight.map { try FlagValue.integer($0, flag: "--blkio-weight", as: UInt16.self) } ?? 0
        host.blkioWeightDevice = try blkioWeightDevice.map { text in
            let (path, value) = try DeviceFlag.limit(text, flag: "--blkio-weight-device")
            guard let weight = UInt16(value), weight == 0 || (10...1000).contains(weight) else {
                throw UsageError.invalid(text, flag: "--blkio-weight-device", "invalid weight for device: \(text)")
            }
            var result = WeightDevice()
            result.path = path
            result.weight = weight
            return result
        }
        host.blkioDeviceReadBps = try deviceReadBps.map { try DeviceFlag.rate($0, flag: "--device-read-bps", inBytes: true) }
        host.blkioDeviceWriteBps = try deviceWriteBps.map { try DeviceFlag.rate($0, flag: "--device-write-bps", inBytes: true) }
        host.blkioDeviceReadIOps = try deviceReadIops.map { try DeviceFlag.rate($0, flag: "--device-read-iops", inBytes: false) }
        host.blkioDeviceWriteIOps = try deviceWriteIops.map { try DeviceFlag.rate($0, flag: "--device-write-iops", inBytes: false) }
    }
}

internal import DockerAPI
internal import Engine
internal import Essentials

extension Stats {
    /// - Parameter previous: the sample before, for the differences that clients compute.
    init(_ sample: ContainerStatistics, previous: ContainerStatistics?) {
        self.init()
        read = sample.readAt.rfc3339
        preread = previous?.readAt.rfc3339 ?? Timestamp.goZeroText
        id = sample.id
        name = "/" + sample.name
        pidsStats.current = sample.processes
        pidsStats.limit = sample.processLimit
        blkioStats.ioServiceBytesRecursive = sample.blockBytes?.map(BlkioStatEntry.init)
        blkioStats.ioServicedRecursive = sample.blockOperations?.map(BlkioStatEntry.init)
        if !sample.isUnified { blkioStats.clearOthers() }
        cpuStats = CPUStats(sample)
        previousCPUStats = previous.map(CPUStats.init) ?? CPUStats()
        memoryStats.usage = sample.memoryUsage
        memoryStats.maxUsage = sample.memoryPeak
        memoryStats.stats = sample.memoryDetails
        memoryStats.failcnt = sample.memoryFailures
        memoryStats.limit = sample.memoryLimit
        networks = sample.networks?.mapValues(NetworkStats.init)
    }

    /// Of a container that does not run: zeros and its name.
    init(stopped id: String, name: String) {
        self.init()
        read = Timestamp.goZeroText
        preread = Timestamp.goZeroText
        self.id = id
        self.name = "/" + name
    }
}

extension BlkioStats {
    /// Counters of a scheduler that kernels have no more: empty lists on cgroup v1, null on v2.
    mutating func clearOthers() {
        ioQueueRecursive = []
        ioServiceTimeRecursive = []
        ioWaitTimeRecursive = []
        ioMergedRecursive = []
        ioTimeRecursive = []
        sectorsRecursive = []
    }
}

extension CPUStats {
    init(_ sample: ContainerStatistics) {
        self.init()
        cpuUsage.totalUsage = sample.cpuTotal
        cpuUsage.percpuUsage = sample.cpuPerProcessor
        cpuUsage.usageInKernelmode = sample.cpuSystem
        cpuUsage.usageInUsermode = sample.cpuUser
        systemCpuUsage = sample.hostCPUTotal
        onlineCpus = UInt32(clamping: sample.onlineProcessors)
        throttlingData.periods = sample.periods
        throttlingData.throttledPeriods = sample.throttledPeriods
        throttlingData.throttledTime = sample.throttledTime
    }
}

extension BlkioStatEntry {
    init(_ entry: ContainerStatistics.BlockEntry) {
        self.init()
        major = entry.major
        minor = entry.minor
        op = entry.operation
        value = entry.value
    }
}

extension NetworkStats {
    init(_ counters: ContainerStatistics.NetworkCounters) {
        self.init()
        rxBytes = counters.receivedBytes
        rxPackets = counters.receivedPackets
        rxErrors = counters.receivedErrors
        rxDropped = counters.receivedDropped
        txBytes = counters.sentBytes
        txPackets = counters.sentPackets
        txErrors = counters.sentErrors
        txDropped = counters.sentDropped
    }
}

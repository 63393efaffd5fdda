internal import CLinux
internal import LinuxSystem

extension CgroupHost {
    /// Reads the counters; a container that is gone has zeros.
    package func statistics(_ id: String) throws -> CgroupStatistics {
        layout.isUnified ? unifiedStatistics(directories(id)[0]) : legacyStatistics(id)
    }

    private func legacyStatistics(_ id: String) -> CgroupStatistics {
        func text(_ controller: String, _ file: String) -> String {
            directory(id, controller: controller).flatMap { try? FileSystem.readText("\($0)/\(file)") } ?? ""
        }
        func number(_ controller: String, _ file: String) -> UInt64 { Self.number(text(controller, file)) }
        var result = CgroupStatistics()
        result.memoryUsage = number("memory", "memory.usage_in_bytes")
        result.memoryMaximumUsage = number("memory", "memory.max_usage_in_bytes")
        result.memoryFailures = number("memory", "memory.failcnt")
        let limit = number("memory", "memory.limit_in_bytes")
        // "Unlimited" is the largest number of whole pages.
        result.memoryLimit = limit >= 1 << 62 ? 0 : limit
        result.memoryDetails = Self.table(text("memory", "memory.stat"))
        result.cpuUsage = number("cpuacct", "cpuacct.usage")
        let times = Self.table(text("cpuacct", "cpuacct.stat"))
        let tick = UInt64(1_000_000_000 / max(1, sysconf(CInt(_SC_CLK_TCK))))
        result.cpuUser = (times["user"] ?? 0) * tick
        result.cpuSystem = (times["system"] ?? 0) * tick
        result.cpuUsageByProcessor = text("cpuacct", "cpuacct.usage_percpu").split(whereSeparator: \.isWhitespace).compactMap {
            UInt64($0)
        }
        let throttling = Self.table(text("cpu", "cpu.stat"))
        result.throttlingPeriods = throttling["nr_periods"] ?? 0
        result.throttledPeriods = throttling["nr_throttled"] ?? 0
        result.throttledTime = throttling["throttled_time"] ?? 0
        result.processes = number("pids", "pids.current")
        result.processLimit = number("pids", "pids.max")
        result.blockIOBytes = Self.legacyIO(text("blkio", "blkio.throttle.io_service_bytes_recursive"))
        result.blockIOOperations = Self.legacyIO(text("blkio", "blkio.throttle.io_serviced_recursive"))
        return result
    }

    private func unifiedStatistics(_ directory: String) -> CgroupStatistics {
        func text(_ file: String) -> String { (try? FileSystem.readText("\(directory)/\(file)")) ?? "" }
        var result = CgroupStatistics()
        result.memoryUsage = Self.number(text("memory.current"))
        result.memoryMaximumUsage = Self.number(text("memory.peak"))
        result.memoryLimit = Self.number(text("memory.max"))
        result.memoryFailures = Self.table(text("memory.events"))["oom"] ?? 0
        result.memoryDetails = Self.table(text("memory.stat"))
        let cpu = Self.table(text("cpu.stat"))
        result.cpuUsage = (cpu["usage_usec"] ?? 0) * 1000
        result.cpuUser = (cpu["user_usec"] ?? 0) * 1000
        result.cpuSystem = (cpu["system_usec"] ?? 0) * 1000
        result.throttlingPeriods = cpu["nr_periods"] ?? 0
        result.throttledPeriods = cpu["nr_throttled"] ?? 0
        result.throttledTime = (cpu["throttled_usec"] ?? 0) * 1000
        result.processes = Self.number(text("pids.current"))
        result.processLimit = Self.number(text("pids.max"))
        (result.blockIOBytes, result.blockIOOperations) = Self.unifiedIO(text("io.stat"))
        return result
    }

    /// The first number of a file; 0 for `max` and for nothing.
    static func number(_ text: String) -> UInt64 { text.split(whereSeparator: \.isWhitespace).first.flatMap { UInt64($0) } ?? 0 }

    /// Lines of `key value`.
    static func table(_ text: String) -> [String: UInt64] {
        var result: [String: UInt64] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ")
            if parts.count == 2, let value = UInt64(parts[1]) { result[String(parts[0])] = value }
        }
        return result
    }

    /// Lines of `8:0 Read 4096`; the total at the end is left out.
    static func legacyIO(_ text: String) -> [CgroupStatistics.BlockIO] {
        text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: " ")
            guard parts.count == 3, let value = UInt64(parts[2]) else { return nil }
            let device = parts[0].split(separator: ":").compactMap { UInt64($0) }
            guard device.count == 2 else { return nil }
            return CgroupStatistics.BlockIO(major: device[0], minor: device[1], operation: String(parts[1]), value: value)
        }
    }

    /// Lines of `8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6`.
    static func unifiedIO(_ text: String) -> (bytes: [CgroupStatistics.BlockIO], operations: [CgroupStatistics.BlockIO]) {
        var (bytes, operations): ([CgroupStatistics.BlockIO], [CgroupStatistics.BlockIO]) = ([], [])
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ")
            let device = (parts.first ?? "").split(separator: ":").compactMap { UInt64($0) }
            guard device.count == 2 else { continue }
            for part in parts.dropFirst() {
                let pair = part.split(separator: "=")
                guard pair.count == 2, let value = UInt64(pair[1]) else { continue }
                let operation = pair[0].hasPrefix("r") ? "read" : pair[0].hasPrefix("w") ? "write" : "discard"
                let entry = CgroupStatistics.BlockIO(major: device[0], minor: device[1], operation: operation, value: value)
                if pair[0].hasSuffix("bytes") { bytes.append(entry) } else if pair[0].hasSuffix("ios") { operations.append(entry) }
            }
        }
        return (bytes, operations)
    }
}

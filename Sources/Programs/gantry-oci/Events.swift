import ArgumentParser
import CLinux
import ContainerRuntime
import Essentials
import FoundationEssentials
import LinuxSystem

struct Events: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print what a container uses, again and again, as JSON.")
    @OptionGroup var global: GlobalOptions
    @Option(help: "Time between two, such as 5s or 500ms.") var interval = "5s"
    @Flag(help: "Print once.") var stats = false
    @Argument var id: String

    func run() async throws {
        let pause = try Self.duration(interval)
        let root = try RuntimeRoot(global)
        let process = try root.handle(try root.load(id))
        if stats { return try printUsage(root) }
        var kills = root.runtime.cgroups.outOfMemoryKills(id)
        while try await !hasEnded(process, within: pause) {
            let now = root.runtime.cgroups.outOfMemoryKills(id)
            if now > kills { try printLine(Event<UsageReport>(type: "oom", id: id, data: nil)) }
            kills = now
            try printUsage(root)
        }
    }

    private struct Event<Content: Encodable>: Encodable {
        var type: String
        var id: String
        var data: Content?
    }

    private func printUsage(_ root: RuntimeRoot) throws {
        try printLine(Event(type: "stats", id: id, data: UsageReport(try root.runtime.cgroups.statistics(id))))
    }

    private func printLine(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try OwnedDescriptor.duplicate(1).writeAll(Array(try encoder.encode(value)) + [10])
    }

    private func hasEnded(_ process: OwnedDescriptor, within pause: Duration) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await DescriptorPoller.shared.waitReadable(process)
                return true
            }
            group.addTask {
                try await Task.sleep(for: pause)
                return false
            }
            defer { group.cancelAll() }
            return try await group.next() ?? true
        }
    }

    /// Go's way of writing a time: a number and `ms`, `s`, `m` or `h`.
    static func duration(_ text: String) throws(GantryError) -> Duration {
        let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)]
        for (unit, seconds) in units where text.hasSuffix(unit) {
            if let value = Double(text.dropLast(unit.count)), value > 0, value * seconds < 1e6 { return .seconds(value * seconds) }
        }
        throw .invalid("--interval must be a time above zero such as 5s, not `\(text)`")
    }
}

/// Statistics in the shape that callers of OCI runtimes know.
struct UsageReport: Encodable {
    struct CPU: Encodable {
        struct Usage: Encodable {
            var total: UInt64
            var percpu: [UInt64]?
            var kernel: UInt64
            var user: UInt64
        }
        struct Throttling: Encodable {
            var periods: UInt64
            var throttledPeriods: UInt64
            var throttledTime: UInt64
        }
        var usage: Usage
        var throttling: Throttling
    }
    struct Memory: Encodable {
        struct Usage: Encodable {
            var limit: UInt64
            var usage: UInt64
            var max: UInt64
            var failcnt: UInt64
        }
        var usage: Usage
        var raw: [String: UInt64]
    }
    struct Processes: Encodable {
        var current: UInt64
        var limit: UInt64
    }
    struct BlockEntry: Encodable {
        var major: UInt64
        var minor: UInt64
        var op: String
        var value: UInt64

        init(_ entry: CgroupStatistics.BlockIO) {
            (major, minor, op, value) = (entry.major, entry.minor, entry.operation, entry.value)
        }
    }
    struct Block: Encodable {
        var ioServiceBytesRecursive: [BlockEntry]
        var ioServicedRecursive: [BlockEntry]
    }

    var cpu: CPU
    var memory: Memory
    var pids: Processes
    var blkio: Block

    init(_ from: CgroupStatistics) {
        cpu = CPU(
            usage: CPU.Usage(
                total: from.cpuUsage, percpu: from.cpuUsageByProcessor.isEmpty ? nil : from.cpuUsageByProcessor,
                kernel: from.cpuSystem, user: from.cpuUser),
            throttling: CPU.Throttling(
                periods: from.throttlingPeriods, throttledPeriods: from.throttledPeriods, throttledTime: from.throttledTime))
        memory = Memory(
            usage: Memory.Usage(
                limit: from.memoryLimit, usage: from.memoryUsage, max: from.memoryMaximumUsage, failcnt: from.memoryFailures),
            raw: from.memoryDetails)
        pids = Processes(current: from.processes, limit: from.processLimit)
        blkio = Block(
            ioServiceBytesRecursive: from.blockIOBytes.map(BlockEntry.init),
            ioServicedRecursive: from.blockIOOperations.map(BlockEntry.init))
    }
}

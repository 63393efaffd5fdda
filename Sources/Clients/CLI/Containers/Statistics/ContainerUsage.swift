import DockerAPI
import Essentials

/// What a container uses, as `stats` shows it. Source: Engine API 1.51, ContainerStats; docker CLI, `stats`.
struct ContainerUsage: Sendable, Equatable {
    /// What the user called it, or its id.
    var container: String
    var id: String
    var name: String
    /// Percent of one processor.
    var processor = 0.0
    /// Bytes.
    var memory: UInt64 = 0
    var memoryLimit: UInt64 = 0
    var received: UInt64 = 0
    var sent: UInt64 = 0
    var read: UInt64 = 0
    var written: UInt64 = 0
    var processes: UInt64 = 0
    /// No sample has come yet, or none comes any more.
    var isUnknown = false

    init(container: String, id: String = "", name: String = "") {
        self.container = container
        self.id = id
        self.name = name
    }

    init(container: String, _ stats: Stats) {
        self.init(container: container, id: stats.id, name: stats.name.hasPrefix("/") ? String(stats.name.dropFirst()) : stats.name)
        processor = Self.processor(stats)
        let cache = stats.memoryStats.stats["total_inactive_file"] ?? stats.memoryStats.stats["inactive_file"] ?? 0
        memory = stats.memoryStats.usage > cache ? stats.memoryStats.usage - cache : stats.memoryStats.usage
        memoryLimit = stats.memoryStats.limit
        for network in (stats.networks ?? [:]).values {
            received += network.rxBytes
            sent += network.txBytes
        }
        for entry in stats.blkioStats.ioServiceBytesRecursive ?? [] {
            switch entry.op.lowercased().first {
            case "r": read += entry.value
            case "w": written += entry.value
            default: break
            }
        }
        processes = stats.pidsStats.current
    }

    private static func processor(_ stats: Stats) -> Double {
        let used = Double(stats.cpuStats.cpuUsage.totalUsage) - Double(stats.previousCPUStats.cpuUsage.totalUsage)
        let passed = Double(stats.cpuStats.systemCpuUsage) - Double(stats.previousCPUStats.systemCpuUsage)
        guard used > 0, passed > 0 else { return 0 }
        let count =
            stats.cpuStats.onlineCpus > 0 ? Double(stats.cpuStats.onlineCpus) : Double(stats.cpuStats.cpuUsage.percpuUsage.count)
        return used / passed * count * 100
    }

    var memoryPercent: Double { memoryLimit == 0 ? 0 : Double(memory) / Double(memoryLimit) * 100 }

    static func view(truncates: Bool) -> ListView<ContainerUsage> {
        @Sendable func percent(_ value: Double) -> String { TemplatePrinting.format("%.2f%%", [.number(String(value))]) }
        @Sendable func decimal(_ value: UInt64) -> String { ByteSize.decimal(Int64(clamping: value), digits: 3) }
        @Sendable func pair(_ usage: ContainerUsage, _ text: String) -> String { usage.isUnknown ? "-- / --" : text }
        return ListView(
            typeName: "*container.statsContext",
            fields: [
                .init("Container", "CONTAINER") { $0.container },
                .init("ID", "CONTAINER ID") { truncates ? Identifier.short($0.id) : $0.id },
                .init("Name", "NAME") { $0.name.isEmpty ? "--" : $0.name },
                .init("CPUPerc", "CPU %") { $0.isUnknown ? "--" : percent($0.processor) },
                .init("MemUsage", "MEM USAGE / LIMIT") {
                    pair($0, "\(ByteSize.binary(Int64(clamping: $0.memory))) / \(ByteSize.binary(Int64(clamping: $0.memoryLimit)))")
                },
                .init("MemPerc", "MEM %") { $0.isUnknown ? "--" : percent($0.memoryPercent) },
                .init("NetIO", "NET I/O") { pair($0, "\(decimal($0.received)) / \(decimal($0.sent))") },
                .init("BlockIO", "BLOCK I/O") { pair($0, "\(decimal($0.read)) / \(decimal($0.written))") },
                .init("PIDs", "PIDS") { $0.isUnknown ? "--" : String($0.processes) },
            ],
            columns: ["ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs"])
    }
}

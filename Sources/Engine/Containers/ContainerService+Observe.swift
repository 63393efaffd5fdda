import ContainerRuntime
import Essentials
import LinuxSystem

/// Looking at a running container from outside.
extension ContainerService {
    /// Runs the host's `ps` and keeps the rows of the container's processes. Nothing of the container is executed.
    func top(_ name: NameOrID, arguments: String) async throws -> ProcessTable {
        let container = try context.container(name)
        _ = try await container.runningProcess()
        let words = arguments.split(separator: " ").map(String.init)
        let result = try await HostProgram.run(["ps"] + (words.isEmpty ? ["-ef"] : words))
        guard result.status == 0 else {
            throw GantryError.invalid(
                "ps: \(result.output.split(separator: "\n").first.map(String.init)?.trimmed ?? "exit \(result.status)")")
        }
        let pids = Set(try context.runtime.cgroups.processIDs(container.id))
        let lines = result.output.split(separator: "\n")
        guard let titles = lines.first?.split(separator: " ").map(String.init), let column = titles.firstIndex(of: "PID") else {
            throw GantryError.invalid("Couldn't find PID field in ps output")
        }
        let rows = lines.dropFirst().compactMap { line -> [String]? in
            let fields = line.split(separator: " ", maxSplits: titles.count - 1, omittingEmptySubsequences: true).map(String.init)
            guard fields.count > column, let pid = Int32(fields[column]), pids.contains(pid) else { return nil }
            return fields
        }
        await container.publish("top")
        return ProcessTable(titles: titles, rows: rows)
    }

    func statistics(_ name: NameOrID) async throws -> ContainerStatistics? {
        let container = try context.container(name)
        let record = await container.record
        guard let processID = record.phase.processID else { return nil }
        let cgroup = try context.runtime.cgroups.statistics(record.id)
        var result = StatisticsMapping.map(cgroup, isUnified: context.runtime.cgroups.version == "2")
        result.id = record.id
        result.name = record.name
        result.readAt = .now()
        result.hostCPUTotal = HostInformation.processorTime()
        result.onlineProcessors = HostInformation.processors()
        let hostMemory = UInt64(HostInformation.memory())
        if result.memoryLimit == 0 || result.memoryLimit > hostMemory { result.memoryLimit = hostMemory }
        let limit = record.settings.host.resources.pidsLimit ?? 0
        result.processLimit = limit > 0 ? UInt64(limit) : 0
        if NetworkPlan.mode(record.settings) != .host { result.networks = try? networkCounters(processID) }
        return result
    }

    /// `/proc/<pid>/net/dev` of the container's namespace: columns of net(5).
    private func networkCounters(_ processID: Int32) throws -> [String: ContainerStatistics.NetworkCounters] {
        var result: [String: ContainerStatistics.NetworkCounters] = [:]
        for line in try FileSystem.readText("/proc/\(processID)/net/dev", limit: 1 << 20).split(separator: "\n").dropFirst(2) {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let name = parts[0].filter { $0 != " " }
            let numbers = parts[1].split(separator: " ").compactMap { UInt64($0) }
            guard numbers.count >= 12, name != "lo" else { continue }
            result[name] = ContainerStatistics.NetworkCounters(
                receivedBytes: numbers[0], receivedPackets: numbers[1], receivedErrors: numbers[2], receivedDropped: numbers[3],
                sentBytes: numbers[8], sentPackets: numbers[9], sentErrors: numbers[10], sentDropped: numbers[11])
        }
        return result
    }
}

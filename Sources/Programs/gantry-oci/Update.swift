import ArgumentParser
import ContainerRuntime
import Essentials
import LinuxSystem
import OCI

struct Update: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Change a running container's limits.")
    @OptionGroup var global: GlobalOptions
    @Option(name: .shortAndLong, help: "JSON file with the limits, as linux.resources has them; `-` reads standard input.")
    var resources: String?
    @Option(name: .customLong("blkio-weight"), help: "10 to 1000.") var blockWeight: UInt16?
    @Option(name: .customLong("cpu-period"), help: "Microseconds.") var cpuPeriod: UInt64?
    @Option(name: .customLong("cpu-quota"), help: "Microseconds in each period.") var cpuQuota: Int64?
    @Option(name: .customLong("cpu-burst"), help: "Microseconds.") var cpuBurst: UInt64?
    @Option(name: .customLong("cpu-share"), help: "Weight beside other containers.") var cpuShares: UInt64?
    @Option(name: .customLong("cpu-rt-period"), help: "Microseconds.") var realtimePeriod: UInt64?
    @Option(name: .customLong("cpu-rt-runtime"), help: "Microseconds.") var realtimeRuntime: Int64?
    @Option(name: .customLong("cpuset-cpus"), help: "Processors, such as 0-2.") var processors: String?
    @Option(name: .customLong("cpuset-mems"), help: "Memory nodes.") var nodes: String?
    @Option(help: "Bytes; -1 for no limit.") var memory: Int64?
    @Option(name: .customLong("memory-reservation"), help: "Bytes.") var memoryReservation: Int64?
    @Option(name: .customLong("memory-swap"), help: "Bytes of memory and swap together; -1 for no limit.") var memorySwap: Int64?
    @Option(name: .customLong("pids-limit"), help: "Processes; -1 for no limit.") var processLimit: Int64?
    @Argument var id: String

    func run() throws {
        let root = try RuntimeRoot(global)
        let status = root.status(try root.load(id))
        guard status != "stopped" else { throw GantryError.conflict("container not running") }
        let limits = try limits()
        guard limits != RuntimeSpecification.Resources() else { throw GantryError.invalid("nothing to update was given") }
        try root.runtime.cgroups.update(id, limits)
    }

    private func limits() throws -> RuntimeSpecification.Resources {
        var result = RuntimeSpecification.Resources()
        if let resources {
            let name = resources == "-" ? "/proc/self/fd/0" : resources
            result = try RuntimeSpecification.decode(
                RuntimeSpecification.Resources.self, try FileSystem.read(name, limit: 1 << 20), name: resources)
        }
        var memory = result.memory ?? RuntimeSpecification.Memory()
        memory.limit = self.memory ?? memory.limit
        memory.reservation = memoryReservation ?? memory.reservation
        memory.swap = memorySwap ?? memory.swap
        if memory != RuntimeSpecification.Memory() { result.memory = memory }
        var cpu = result.cpu ?? RuntimeSpecification.CPU()
        cpu.period = cpuPeriod ?? cpu.period
        cpu.quota = cpuQuota ?? cpu.quota
        cpu.burst = cpuBurst ?? cpu.burst
        cpu.shares = cpuShares ?? cpu.shares
        cpu.realtimePeriod = realtimePeriod ?? cpu.realtimePeriod
        cpu.realtimeRuntime = realtimeRuntime ?? cpu.realtimeRuntime
        cpu.cpus = processors ?? cpu.cpus
        cpu.mems = nodes ?? cpu.mems
        if cpu != RuntimeSpecification.CPU() { result.cpu = cpu }
        if let processLimit { result.pids = RuntimeSpecification.PIDs(limit: processLimit) }
        if let blockWeight {
            var block = result.blockIO ?? RuntimeSpecification.BlockIO()
            block.weight = blockWeight
            result.blockIO = block
        }
        return result
    }
}

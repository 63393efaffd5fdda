import DockerAPI
import EngineClient
import Essentials

/// `gantry update`
struct UpdateCommand: EngineCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Update configuration of one or more containers")
    static let usageLine = "[OPTIONS] CONTAINER [CONTAINER...]"
    static let operandCount = OperandCount.atLeast(1)

    @Option(help: "Block IO (relative weight), between 10 and 1000, or 0 to disable") var blkioWeight: String?
    @Option(help: "Limit CPU CFS (Completely Fair Scheduler) period") var cpuPeriod: String?
    @Option(help: "Limit CPU CFS (Completely Fair Scheduler) quota") var cpuQuota: String?
    @Option(help: "Limit the CPU real-time period in microseconds") var cpuRtPeriod: String?
    @Option(help: "Limit the CPU real-time runtime in microseconds") var cpuRtRuntime: String?
    @Option(name: [.customShort("c"), .long], help: "CPU shares (relative weight)") var cpuShares: String?
    @Option(help: "Number of CPUs") var cpus: String?
    @Option(help: "CPUs in which to allow execution (0-3, 0,1)") var cpusetCpus: String?
    @Option(help: "MEMs in which to allow execution (0-3, 0,1)") var cpusetMems: String?
    @Option(help: .hidden) var kernelMemory: String?
    @Option(name: .shortAndLong, help: "Memory limit") var memory: String?
    @Option(help: "Memory soft limit") var memoryReservation: String?
    @Option(help: "Swap limit equal to memory plus swap: -1 to enable unlimited swap") var memorySwap: String?
    @Option(help: "Tune container pids limit (set -1 for unlimited)") var pidsLimit: String?
    @Option(help: "Restart policy to apply when a container exits") var restart: String?
    var operands: [String] = []

    func run(in session: Session) async throws {
        let body = try body()
        var warnings: [String] = []
        var failed = false
        for name in operands {
            do {
                warnings += try await session.client.updateContainer(name, body).warnings
                session.console.print(name)
            } catch let error as GantryError {
                session.console.printError(ErrorText.of(error))
                failed = true
            }
        }
        if !warnings.isEmpty { session.console.printError(warnings.joined(separator: "\n")) }
        if failed { throw ExitStatus(1) }
    }

    /// Source: Engine API 1.51, ContainerUpdate.
    private func body() throws -> ContainerUpdateBody {
        let given = [
            blkioWeight, cpuPeriod, cpuQuota, cpuRtPeriod, cpuRtRuntime, cpuShares, cpus, cpusetCpus, cpusetMems, kernelMemory,
            memory,
            memoryReservation, memorySwap, pidsLimit, restart,
        ]
        guard given.contains(where: { $0 != nil }) else {
            throw GantryError.invalid("you must provide one or more flags when using this command")
        }
        func number(_ text: String?, _ flag: String) throws -> Int64 { try text.map { try FlagValue.integer($0, flag: flag) } ?? 0 }
        func bytes(_ text: String?, _ flag: String) throws -> Int64 { try text.map { try FlagValue.bytes($0, flag: flag) } ?? 0 }
        var body = ContainerUpdateBody()
        body.blkioWeight = try blkioWeight.map { try FlagValue.integer($0, flag: "--blkio-weight", as: UInt16.self) } ?? 0
        body.cpuPeriod = try number(cpuPeriod, "--cpu-period")
        body.cpuQuota = try number(cpuQuota, "--cpu-quota")
        body.cpuRealtimePeriod = try number(cpuRtPeriod, "--cpu-rt-period")
        body.cpuRealtimeRuntime = try number(cpuRtRuntime, "--cpu-rt-runtime")
        body.cpuShares = try number(cpuShares, "-c, --cpu-shares")
        body.nanoCpus = try cpus.map { try ResourceFlags.nanoCPUs($0) } ?? 0
        body.cpusetCpus = cpusetCpus ?? ""
        body.cpusetMems = cpusetMems ?? ""
        _ = try bytes(kernelMemory, "--kernel-memory")
        body.memory = try bytes(memory, "-m, --memory")
        body.memoryReservation = try bytes(memoryReservation, "--memory-reservation")
        body.memorySwap = memorySwap == "-1" ? -1 : try bytes(memorySwap, "--memory-swap")
        body.pidsLimit = try pidsLimit.map { try FlagValue.integer($0, flag: "--pids-limit") }
        body.restartPolicy = try restart.map { try RestartFlag.parse($0) }
        return body
    }
}

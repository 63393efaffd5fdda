internal import Essentials
internal import LinuxSystem
internal import ShimProtocol

/// The files in a shim's state directory: `shim.sock`, `pid`, `exit`, and for containers `cgroup`, at times `plan`, and the empty mount point `root`.
struct ShimState {
    let directory: String

    init(_ directory: String) { self.directory = directory }

    /// What the shim wrote at the end; nil while it runs and when it was killed.
    func exitRecord() -> ExitRecord? {
        guard let bytes = try? FileSystem.read("\(directory)/exit", limit: 64), let report = ExitReport(bytes) else { return nil }
        return ExitRecord(report)
    }

    /// Of the first process.
    func processID() -> Int32? {
        (try? FileSystem.readText("\(directory)/pid", limit: 64)).flatMap { Int32($0) }
    }

    /// Keeps a plan for whoever releases the process later and has to explain a failure.
    func save(_ plan: Plan) throws(SystemError) {
        try FileSystem.replace("\(directory)/plan", with: PlanCoding.encode(plan.steps), mode: 0o600)
    }

    /// nil when none was kept.
    func plan() -> Plan? {
        guard let bytes = try? FileSystem.read("\(directory)/plan"), let steps = PlanCoding.decode(bytes) else { return nil }
        return Plan(steps: steps)
    }

    func cgroupPath() -> String? { try? FileSystem.readText("\(directory)/cgroup", limit: 4096) }
}

extension ExitRecord {
    init(_ report: ExitReport) {
        self.init(
            exitCode: report.code, signal: report.signal == 0 ? nil : report.signal, outOfMemory: report.outOfMemory,
            finishedAt: Timestamp(nanoseconds: report.finishedAt))
    }
}

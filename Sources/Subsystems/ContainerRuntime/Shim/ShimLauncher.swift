internal import CLinux
internal import Essentials
internal import LinuxSystem
internal import ShimProtocol

/// Starts shims from a sealed copy of the program in memory: nothing on disk can be changed under it or through it (CVE-2019-5736).
struct ShimLauncher: Sendable {
    private let program: OwnedDescriptor

    init(path: String) throws {
        let content = try FileSystem.read(path)
        let file = OwnedDescriptor(
            try check("memfd_create") { gantry_memfd_create("gantry-shim", UInt32(MFD_CLOEXEC | MFD_ALLOW_SEALING)) })
        try file.writeAll(content)
        try check("fcntl", "seal") {
            gantry_fcntl(file.raw, F_ADD_SEALS, Int(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE))
        }
        // A memfd opened for writing cannot be executed: the program is run through a second, read-only opening.
        program = try Self.high(try OwnedDescriptor.open(file.procPath, O_RDONLY))
    }

    /// The sealed copy's content.
    func content() throws -> [UInt8] { try FileSystem.read(program.procPath) }

    /// Runs a plan, and returns what the shim says of it.
    /// - Throws: ``SystemError``, `timedOut`; the shim has then been ended.
    func launch(_ plan: Plan, title: String) async throws -> StartReport {
        let file = OwnedDescriptor(try check("memfd_create") { gantry_memfd_create("plan", UInt32(MFD_CLOEXEC)) })
        try file.writeAll(PlanCoding.encode(plan.steps))
        var pair: [CInt] = [-1, -1]
        try check("socketpair") { gantry_message_pair(&pair) }
        let ours = OwnedDescriptor(pair[0])
        let shim = try spawn([file, OwnedDescriptor(pair[1])] + plan.descriptors, title: title)
        // Collects the shim when it ends; lives exactly as long as it does.
        Task.detached {
            try? await DescriptorPoller.shared.waitReadable(shim.handle)
            waitpid(shim.processID, nil, 0)
        }
        do {
            let limit = Self.timeLimit(plan)
            var report = try await report(ours, within: limit)
            while report.outcome == .awaitsDaemon {
                guard let part = plan.daemonPart, Int(report.step) < plan.steps.count else {
                    throw GantryError.internal("a shim waits for what its plan does not have")
                }
                try await part.perform(plan.steps[Int(report.step)], processID: report.processID)
                try check("send", "shim") { gantry_send(ours.raw, [1] as [UInt8], 1, 1) }
                report = try await self.report(ours, within: limit)
            }
            return report
        } catch {
            gantry_pidfd_send_signal(shim.handle.raw, SIGKILL)
            throw error
        }
    }

    private func spawn(_ descriptors: [OwnedDescriptor], title: String) throws -> (processID: pid_t, handle: OwnedDescriptor) {
        let lifted = try descriptors.map { try Self.high($0) }
        let numbers = lifted.map(\.raw)
        var processID: pid_t = 0
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("gantry-shim"), strdup(title), nil]
        defer { for argument in arguments { free(argument) } }
        var environment: [UnsafeMutablePointer<CChar>?] = [nil]
        let code = gantry_spawn(program.raw, &arguments, &environment, numbers, numbers.count, &processID)
        withExtendedLifetime(lifted) {}
        guard code == 0 else { throw SystemError("posix_spawn", "gantry-shim", errno: code) }
        return (processID, OwnedDescriptor(try check("pidfd_open") { gantry_pidfd_open(processID, 0) }))
    }

    /// A duplicate with a number that no standard stream or inherited descriptor of the shim's has.
    private static func high(_ descriptor: OwnedDescriptor) throws(SystemError) -> OwnedDescriptor {
        OwnedDescriptor(try check("fcntl") { gantry_fcntl(descriptor.raw, F_DUPFD_CLOEXEC, 64) })
    }

    /// Mounting a dead network file system may never come back: two minutes must do, and what hooks in the container may take. The
    /// memory that a restore reads back may be large.
    /// - Returns: nil with a hook that may take any time.
    private static func timeLimit(_ plan: Plan) -> Duration? {
        var limit = Duration.seconds(plan.isRestore ? 3600 : 120)
        for step in plan.steps where step.operation == .hook {
            guard let milliseconds = step.numbers.first, milliseconds > 0 else { return nil }
            limit += .milliseconds(milliseconds)
        }
        return limit
    }

    private func report(_ socket: OwnedDescriptor, within limit: Duration?) async throws -> StartReport {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await DescriptorPoller.shared.waitReadable(socket) }
            if let limit {
                group.addTask {
                    try await Task.sleep(for: limit)
                    throw GantryError(.timedOut, "preparing the container took more than \(limit.components.seconds) seconds")
                }
            }
            defer { group.cancelAll() }
            try await group.next()
        }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = gantry_receive(socket.raw, &bytes, bytes.count, 0)
        guard count == StartReport.size, let report = StartReport(Array(bytes[..<Int(count)])) else {
            throw GantryError.unavailable("the shim ended without a word", hint: "it may have been killed for want of memory")
        }
        return report
    }
}

internal import CLinux
internal import Essentials
internal import LinuxSystem
internal import ShimProtocol

/// A running process that a shim minds: a container's first, or an exec.
package final class ShimProcess: Sendable {
    /// What the shim tells of itself while the process runs.
    package enum Notice: Sendable {
        /// The log was rotated.
        case logRotated
        /// An attached client that took nothing for seconds was given up, so that the process could go on.
        case clientDropped
    }

    private let progress: ProcessProgress
    /// In the host's pid namespace; 0 while it is held back and another runtime makes it only at its release.
    package var processID: Int32 { progress.processID }
    /// Ends with the process. For one reader; only the last few are kept for it.
    package let notices: AsyncStream<Notice>
    private let stateDirectory: String
    private let plan: Plan?
    /// Made this container; nil for ours, and for an exec.
    private let otherRuntime: OtherRuntime?
    private let removesState: Bool
    /// Ends with the process; held by this object alone.
    private let end: Task<ExitRecord, Never>

    /// - Parameters:
    ///   - plan: explains a failure after ``release()``; nil when reconnected.
    ///   - removesState: the state directory goes with the process: of an exec, whose end nobody asks for later.
    init(processID: Int32, stateDirectory: String, plan: Plan?, removesState: Bool) throws {
        let progress = ProcessProgress(processID: processID)
        self.progress = progress
        self.removesState = removesState
        otherRuntime = OtherRuntime.of(stateDirectory: stateDirectory)
        self.stateDirectory = stateDirectory
        self.plan = plan
        // Connected here and now, so that the end cannot be missed.
        let connection = try? ShimConnection(stateDirectory: stateDirectory)
        let (notices, continuation) = AsyncStream.makeStream(of: Notice.self, bufferingPolicy: .bufferingNewest(8))
        self.notices = notices
        end = Task {
            let record = await Self.waitForEnd(connection, stateDirectory, continuation)
            continuation.finish()
            // What cannot be removed now goes with the container.
            if progress.end(), removesState { try? FileSystem.removeTree(stateDirectory) }
            return record
        }
    }

    private static func waitForEnd(
        _ connection: ShimConnection?, _ stateDirectory: String, _ notices: AsyncStream<Notice>.Continuation
    ) async -> ExitRecord {
        while let connection {
            guard let frame = try? await connection.next() else { break }
            switch frame.0 {
            case .exited: if let report = ExitReport(frame.1) { return ExitRecord(report) }
            case .logRotated: notices.yield(.logRotated)
            case .clientDropped: notices.yield(.clientDropped)
            default: continue
            }
        }
        // The shim had finished before, or was killed.
        return ShimState(stateDirectory).exitRecord() ?? .lost()
    }

    /// How the process ended; any number may wait, also long after. Comes after all output was logged.
    package func waitForExit() async -> ExitRecord { await end.value }

    /// - Throws: `conflict` when the process has ended.
    package func signal(_ number: Int32) async throws {
        if let otherRuntime { return try await signal(number, with: otherRuntime) }
        try await signalThroughShim(number)
    }

    private func signalThroughShim(_ number: Int32) async throws {
        var payload: [UInt8] = []
        PlanCoding.append(number, to: &payload)
        try await request(.signal, payload, "signal \(number)")
    }

    /// In characters.
    /// - Throws: `invalid` without a terminal, `conflict` when the process has ended.
    package func resize(columns: UInt16, rows: UInt16) async throws {
        var payload: [UInt8] = []
        PlanCoding.append(columns, to: &payload)
        PlanCoding.append(rows, to: &payload)
        try await request(.resize, payload, "resize")
    }

    /// Lets a held program run, and returns when it does.
    /// - Throws: ``ProcessStartError`` and what ``ShimRuntime/start(_:)`` throws; the caller then forgets the container.
    package func release() async throws {
        progress.beginRelease()
        defer { if progress.endRelease(), removesState { try? FileSystem.removeTree(stateDirectory) } }
        let connection = try connect()
        guard let (kind, payload) = try await connection.request(.release) else { throw ended() }
        if kind == .report, let report = StartReport(payload) {
            throw plan.map { PlanFailure.error(report, plan: $0) }
                ?? GantryError.unavailable("the program could not be run", cause: SystemError("execve", errno: report.errno))
        }
        try Self.check(payload, "release")
        if processID == 0, let now = ShimState(stateDirectory).processID() { progress.become(now) }
    }

    /// What the runtime calls the container's first process may be one that passes signals on: it is the runtime's to send them.
    private func signal(_ number: Int32, with runtime: OtherRuntime) async throws {
        let id = String(stateDirectory[stateDirectory.index(after: stateDirectory.lastIndex(of: "/")!)...])
        do {
            try await ShimRuntime.run("kill", ["\(number)"], of: runtime, stateDirectory: stateDirectory, id: id)
        } catch {
            // It does not say in one word that there is nothing to send to.
            try await signalThroughShim(0)
            throw error
        }
    }

    /// A connection of its own to the streams; output from before is not repeated. May be called any number of times.
    package func attach(stdin: Bool, stdout: Bool, stderr: Bool) async throws -> AttachedStreams {
        let connection = try connect()
        let flags = (stdin ? AttachFlags.stdin : 0) | (stdout ? AttachFlags.stdout : 0) | (stderr ? AttachFlags.stderr : 0)
        guard let (_, payload) = try await connection.request(.attach, [flags]) else { throw ended() }
        try Self.check(payload, "attach")
        return AttachedStreams(connection)
    }

    private func request(_ kind: FrameKind, _ payload: [UInt8], _ name: String) async throws {
        guard let (_, answer) = try await connect().request(kind, payload) else { throw ended() }
        try Self.check(answer, name)
    }

    private func connect() throws -> ShimConnection {
        do { return try ShimConnection(stateDirectory: stateDirectory) } catch {
            if error.errno == ECONNREFUSED || error.errno == ENOENT { throw ended() }
            throw error
        }
    }

    private func ended() -> GantryError { GantryError.conflict("the process is not running") }

    private static func check(_ payload: [UInt8], _ name: String) throws {
        var reader = ByteReader(payload)
        let code = reader.number(Int32.self) ?? EPROTO
        if code == ESRCH { throw GantryError.conflict("the process is not running") }
        if code != 0 { throw GantryError.invalid("cannot \(name)", cause: SystemError(name, errno: code)) }
    }
}

import ContainerRuntime
import Essentials
import LinuxSystem
import Logging
import OCI

/// One container's life: its record, its running process and who waits for it.
///
/// Operations that must not overlap (start, stop, remove, …) run one after another through ``gate``; the actor itself only
/// guards the state between awaits.
actor Container {
    nonisolated let id: String
    nonisolated let gate = OperationGate()
    nonisolated let context: EngineContext
    nonisolated let logger: Logger
    /// Delivered when the container is gone.
    nonisolated let removal = Deferred<WaitResult>()

    private(set) var record: ContainerRecord
    private(set) var process: ShimProcess?
    /// Delivered at the end of the present or next run.
    private(set) var nextExit = Deferred<WaitResult>()
    /// Attached before the start; they get the first byte.
    private var waitingAttachments: [WaitingAttachment] = []
    var execs: [String: ExecInstance] = [:]
    var restartTask: Task<Void, Never>?
    var healthTask: Task<Void, Never>?
    /// The latest compression of rotated logs; each waits for the one before.
    var compression: Task<Void, Never>?

    struct WaitingAttachment {
        var request: AttachRequest
        var live: Deferred<AttachedStreams?>
    }

    init(record: ContainerRecord, context: EngineContext) {
        id = record.id
        self.record = record
        self.context = context
        logger = context.logger.with("container", record.id)
    }

    /// Changes the record and keeps the change; nothing is changed when the database refuses.
    /// - Parameter kept: false for what need not be found again by the next daemon.
    func change(kept: Bool = true, _ body: (inout ContainerRecord) -> Void) throws {
        var changed = record
        body(&changed)
        guard changed != record else { return }
        if kept { try context.containerTable.save(changed) }
        record = changed
    }

    func publish(_ action: String, _ extra: [String: String] = [:]) {
        context.events.publish(
            "container", action, actor: id, attributes: record.eventAttributes.merging(extra) { _, new in new })
    }

    /// The process of a run that has begun.
    func adopt(_ process: ShimProcess) { self.process = process }

    /// Forgets the process and tells those who waited for the end of its run.
    func release(_ result: WaitResult) {
        process = nil
        let waiting = nextExit
        nextExit = Deferred()
        waiting.resolve(result)
    }

    /// The process, or Docker's error when there is none.
    func runningProcess() throws -> ShimProcess {
        guard let process, record.phase.processID != nil else { throw GantryError.conflict("container \(id) is not running") }
        return process
    }

    /// The record while there is a process, nil otherwise.
    var runningRecord: ContainerRecord? { record.phase.processID == nil ? nil : record }

    func add(_ attachment: WaitingAttachment) { waitingAttachments.append(attachment) }

    func takeWaitingAttachments() -> [WaitingAttachment] {
        defer { waitingAttachments = [] }
        return waitingAttachments
    }

    var hasWaitingAttachments: Bool { !waitingAttachments.isEmpty }

    /// nil when there is no run to wait for. Asked at once: a container that ends between two questions would be waited for for ever.
    var endOfThisRun: Deferred<WaitResult>? { [.created, .exited, .removing, .dead].contains(record.phase) ? nil : nextExit }

    /// What `wait` answers for a container that does not run. The reason of a failed start is the start's to tell.
    var lastResult: WaitResult { WaitResult(exitCode: record.run.exitCode) }

    func addExec(_ exec: ExecInstance) { execs[exec.id] = exec }
    func setRestartTask(_ task: Task<Void, Never>?) { restartTask = task }
    func setHealthTask(_ task: Task<Void, Never>?) { healthTask = task }
}

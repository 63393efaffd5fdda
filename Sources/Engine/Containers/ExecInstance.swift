import ContainerRuntime
import Essentials
import Synchronization

/// One command run in a container besides its own program. Kept after its end until the container stops or is removed.
final class ExecInstance: Sendable {
    enum Phase {
        case created
        case starting
        case running(ShimProcess)
        case exited(Int32, at: ContinuousClock.Instant)
    }

    let id: String
    let request: ExecRequest
    private let phase = Mutex(Phase.created)
    /// Delivered when the process runs, or will not.
    let started = Deferred<ShimProcess?>()

    init(id: String, request: ExecRequest) {
        self.id = id
        self.request = request
    }

    /// As events show it: the program, a space, the arguments.
    var commandText: String { (request.command.first ?? "") + " " + request.command.dropFirst().joined(separator: " ") }

    /// - Throws: `conflict` when it was started before.
    func beginStart() throws(GantryError) {
        let fresh = phase.withLock { phase in
            guard case .created = phase else { return false }
            phase = .starting
            return true
        }
        guard fresh else { throw .conflict("exec \(id) has already run") }
    }

    func runs(_ process: ShimProcess) {
        phase.withLock { $0 = .running(process) }
        started.resolve(process)
    }

    func ended(_ code: Int32) {
        phase.withLock { $0 = .exited(code, at: .now) }
        started.resolve(nil)
    }

    var process: ShimProcess? { phase.withLock { if case .running(let process) = $0 { process } else { nil } } }
    var exitCode: Int32? { phase.withLock { if case .exited(let code, _) = $0 { code } else { nil } } }
    /// Whoever ran it has had a minute to ask how it ended.
    var isLongOver: Bool {
        phase.withLock { phase in
            guard case .exited(_, let end) = phase else { return false }
            return end.duration(to: .now) > .seconds(60)
        }
    }
    var isRunning: Bool { phase.withLock { if case .running = $0 { true } else { false } } }
}

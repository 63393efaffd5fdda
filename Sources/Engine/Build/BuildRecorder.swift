import Builder
import Essentials
import OCI
import Synchronization

/// Keeps a build's events as an entry of the history.
final class BuildRecorder: Sendable {
    private struct State {
        var entry: BuildHistoryEntry
        var log = ""
        var isCut = false
        var hasBegun = false
    }

    /// Bytes of output that are kept of a build.
    private static let maximumLog = 1 << 20
    let id = Identifier.randomHex(bytes: 12)
    private let history: BuildHistory
    private let start = ContinuousClock.now
    private let state: Mutex<State>

    init(_ history: BuildHistory, name: String) throws {
        self.history = history
        let entry = BuildHistoryEntry(id: id, name: name, startedAt: .now())
        state = Mutex(State(entry: entry))
        try history.store(entry, log: "")
    }

    func take(_ event: BuildEvent) {
        let now = milliseconds
        state.withLock { state in
            switch event {
            // Said again when the build begins anew.
            case .plan: state.entry.steps = []
            case .stepStarted(let label):
                state.entry.steps.append(
                    BuildHistoryEntry.Step(id: label.id, name: label.name, stage: label.stage, startedMs: now))
                Self.write("#\(label.id) \(label.name)\n", &state)
            case .stepCached(let id, _, let origin):
                Self.end(id, .cached, now, &state)
                Self.write("#\(id) CACHED\(origin.map { ", imported from \($0)" } ?? "")\n", &state)
            case .workStarted(_, let name): Self.write("\(name)\n", &state)
            case .workEnded(_, _, let failure?): Self.write("ERROR: \(failure)\n", &state)
            case .stepFinished(let id, _, _): Self.end(id, .done, now, &state)
            case .stepFailed(let id, _, let failure):
                Self.end(id, .failed, now, &state)
                Self.write("#\(id) ERROR: \(failure.error.message)\n", &state)
            case .explanation(let id, let cause):
                if let index = state.entry.steps.firstIndex(where: { $0.id == id }) {
                    state.entry.steps[index].reasons.append(cause.text)
                }
            case .output(let id, _, let bytes):
                for line in String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline) {
                    Self.write("#\(id) \(line)\n", &state)
                }
            case .warning(let text): Self.write("WARNING: \(text)\n", &state)
            case .imageWritten(let id, _): state.entry.image = id.description
            case .progress, .report, .layers, .entrance, .tagged, .workEnded, .recorded, .exported: break
            }
        }
    }

    /// True the first time it is asked.
    func isFirstEvent() -> Bool {
        state.withLock { state in
            defer { state.hasBegun = true }
            return !state.hasBegun
        }
    }

    func note(_ recipe: BuildRecipe) { state.withLock { $0.entry.recipe = recipe } }

    /// Writes the entry as it has ended.
    func end(_ error: (any Error)?) throws {
        let (entry, log) = state.withLock { state in
            state.entry.durationMs = milliseconds
            switch error {
            case nil: state.entry.status = .completed
            case let error as GantryError where error.kind == .cancelled: state.entry.status = .cancelled
            case is CancellationError: state.entry.status = .cancelled
            case let error?:
                state.entry.status = .failed
                state.entry.error = (error as? BuildFailure)?.error.message ?? "\(error)"
            }
            return (state.entry, state.log)
        }
        try history.store(entry, log: log)
    }

    private var milliseconds: Int64 {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }

    private static func end(_ id: Int, _ how: BuildHistoryEntry.Step.State, _ now: Int64, _ state: inout State) {
        guard let index = state.entry.steps.firstIndex(where: { $0.id == id }) else { return }
        state.entry.steps[index].state = how
        state.entry.steps[index].endedMs = now
    }

    private static func write(_ text: String, _ state: inout State) {
        guard !state.isCut else { return }
        state.log += text
        if state.log.utf8.count > maximumLog {
            state.isCut = true
            state.log += "(what follows was not kept)\n"
        }
    }
}

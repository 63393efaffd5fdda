internal import Synchronization

/// Where a process has come to, for those who look at it at the same time.
final class ProcessProgress: Sendable {
    private struct State {
        var processID: Int32
        /// Why a release has failed may yet have to be read in the state directory.
        var isReleasing = false
        var hasEnded = false
    }

    private let state: Mutex<State>

    init(processID: Int32) { state = Mutex(State(processID: processID)) }

    var processID: Int32 { state.withLock { $0.processID } }

    func become(_ processID: Int32) { state.withLock { $0.processID = processID } }

    func beginRelease() { state.withLock { $0.isReleasing = true } }

    /// - Returns: whether the end has come meanwhile, and left it to this side to take away what is over.
    func endRelease() -> Bool {
        state.withLock { state in
            state.isReleasing = false
            return state.hasEnded
        }
    }

    /// - Returns: whether nobody needs the state directory any more.
    func end() -> Bool {
        state.withLock { state in
            state.hasEnded = true
            return !state.isReleasing
        }
    }
}

internal import Synchronization

internal import struct Crypto.SHA256

/// Where the digests of layers stood after some of their members, so that a layer that begins like an earlier one is not read from
/// its start: of a tree that is copied again for one changed file, what comes before that file.
///
/// Two generations bound the memory: what was not asked for while a whole generation filled up is forgotten.
final class DigestCheckpoints: Sendable {
    struct Checkpoint {
        var hash: SHA256
        var tarBytes: Int64
        var contentBytes: Int64
        /// Of the member that comes next.
        var position: Int
        var print: LayerPrint
    }

    private struct State {
        var young: [String: Checkpoint] = [:]
        var old: [String: Checkpoint] = [:]
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: checkpoints of one generation; each takes about half a kibibyte.
    init(capacity: Int = 8192) { self.capacity = capacity }

    /// - Parameter mark: of a ``LayerPrint``.
    subscript(mark: String) -> Checkpoint? {
        state.withLock { state in
            if let found = state.young[mark] { return found }
            guard let found = state.old[mark] else { return nil }
            Self.insert(mark, found, capacity, &state)
            return found
        }
    }

    func keep(_ checkpoints: [(mark: String, checkpoint: Checkpoint)]) {
        state.withLock { state in
            for (mark, checkpoint) in checkpoints { Self.insert(mark, checkpoint, capacity, &state) }
        }
    }

    private static func insert(_ mark: String, _ checkpoint: Checkpoint, _ capacity: Int, _ state: inout State) {
        if state.young.count >= capacity {
            state.old = state.young
            state.young = [:]
        }
        state.young[mark] = checkpoint
    }
}

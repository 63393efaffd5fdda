internal import Essentials

internal import struct Crypto.SHA256

/// Where the digests of layers stood after some of their members, so that a layer that begins like an earlier one is not read from
/// its start: of a tree that is copied again for one changed file, what comes before that file.
final class DigestCheckpoints: Sendable {
    struct Checkpoint {
        var hash: SHA256
        var tarBytes: Int64
        var contentBytes: Int64
        /// Of the member that comes next.
        var position: Int
        var print: LayerPrint
    }

    /// Each takes about half a kibibyte.
    private let values = RecentValues<String, Checkpoint>(capacity: 8192)

    /// - Parameter mark: of a ``LayerPrint``.
    subscript(mark: String) -> Checkpoint? { values[mark] }

    func keep(_ checkpoints: [(mark: String, checkpoint: Checkpoint)]) {
        for (mark, checkpoint) in checkpoints { values.keep(checkpoint, for: mark) }
    }
}

import Synchronization

/// Counts bytes that go by.
final class ByteCounter: Sendable {
    private let total = Atomic<Int64>(0)

    /// - Returns: the sum.
    func add(_ count: Int) -> Int64 { total.add(Int64(count), ordering: .relaxed).newValue }
}

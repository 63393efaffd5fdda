internal import Synchronization

/// What was found out lately, by key. Two generations bound the memory: what was not asked for while a whole generation filled up is
/// forgotten.
package final class RecentValues<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct State {
        var young: [Key: Value] = [:]
        var old: [Key: Value] = [:]

        mutating func insert(_ key: Key, _ value: Value, _ capacity: Int) {
            if young.count >= capacity {
                old = young
                young = [:]
            }
            young[key] = value
        }
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: values of one generation.
    package init(capacity: Int) { self.capacity = capacity }

    package subscript(key: Key) -> Value? {
        state.withLock { state in
            if let value = state.young[key] { return value }
            guard let value = state.old[key] else { return nil }
            state.insert(key, value, capacity)
            return value
        }
    }

    package func keep(_ value: Value, for key: Key) { state.withLock { $0.insert(key, value, capacity) } }
}

/// Who uses the directories of `--mount=type=cache`: one step at a time has a locked one, whichever build it belongs to, and nobody
/// takes one away that is used.
actor BuildLocks {
    private var held: Set<String> = []
    private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]
    private var users: [String: Int] = [:]

    /// Waits until nobody has `key`. Given back by ``unlock(_:)``.
    func lock(_ key: String) async {
        if held.insert(key).inserted { return }
        // Handed over by `unlock`, so `held` keeps the key.
        await withCheckedContinuation { waiting[key, default: []].append($0) }
    }

    /// Takes `key` when nobody has or uses it.
    func lockIfUnused(_ key: String) -> Bool { users[key] == nil && held.insert(key).inserted }

    func unlock(_ key: String) {
        guard var queue = waiting[key], !queue.isEmpty else {
            held.remove(key)
            return
        }
        let next = queue.removeFirst()
        waiting[key] = queue.isEmpty ? nil : queue
        next.resume()
    }

    /// A step uses `key`, maybe with others; ended by ``leave(_:)``. Called with the lock held.
    func enter(_ key: String) { users[key, default: 0] += 1 }

    func leave(_ key: String) {
        let rest = users[key, default: 0] - 1
        users[key] = rest > 0 ? rest : nil
    }

    func isUsed(_ key: String) -> Bool { users[key] != nil }
}

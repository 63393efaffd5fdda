/// Lets one step at a time use a locked cache directory, whichever build it belongs to.
actor BuildLocks {
    private var held: Set<String> = []
    private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]

    /// Waits until nobody has `key`. Given back by ``unlock(_:)``.
    func lock(_ key: String) async {
        if held.insert(key).inserted { return }
        // Handed over by `unlock`, so `held` keeps the key.
        await withCheckedContinuation { waiting[key, default: []].append($0) }
    }

    func unlock(_ key: String) {
        guard var queue = waiting[key], !queue.isEmpty else {
            held.remove(key)
            return
        }
        let next = queue.removeFirst()
        waiting[key] = queue.isEmpty ? nil : queue
        next.resume()
    }
}

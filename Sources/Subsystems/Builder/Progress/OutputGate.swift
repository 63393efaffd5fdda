/// Holds a process's output back while whoever is told of it is behind, so that no build fills the memory.
actor OutputGate {
    /// Bytes that may wait to be told.
    private static let limit = 1 << 20

    private var queued = 0
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Waits until there is room for more.
    func enter(_ bytes: Int) async {
        while queued > Self.limit, !isOpen { await withCheckedContinuation { waiting.append($0) } }
        queued += bytes
    }

    /// Some output was told.
    func leave(_ bytes: Int) {
        queued -= bytes
        wake()
    }

    /// Nobody listens any more: nothing waits.
    func open() {
        isOpen = true
        wake()
    }

    private func wake() {
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}

import ContainerRuntime
import Essentials
import Synchronization

/// A client's connection to a container or exec, possibly before the program runs.
///
/// First comes what `replay` holds, then the live streams once they are there. Typing the detach keys ends the session.
final class ProcessAttachSession: AttachSession {
    let terminal: Bool
    private let live: Deferred<AttachedStreams?>
    private let keys: Mutex<DetachKeys>
    private let detached = Deferred<Void>()
    private let replay: Mutex<[OutputChunk]>
    private let onDetach: @Sendable () -> Void

    /// - Parameters:
    ///   - live: resolved with nil when the program will not run.
    ///   - keys: looked for in what is typed, in terminals only.
    init(
        terminal: Bool, live: Deferred<AttachedStreams?>, replay: [OutputChunk] = [], keys: DetachKeys,
        onDetach: @escaping @Sendable () -> Void
    ) {
        self.terminal = terminal
        self.live = live
        self.keys = Mutex(keys)
        self.replay = Mutex(replay)
        self.onDetach = onDetach
    }

    /// The client left by its detach keys or by closing.
    var isDetached: Bool { detached.current != nil }

    func next() async throws -> OutputChunk? {
        if let chunk = replay.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return chunk }
        guard detached.current == nil, let streams = await live.value() ?? nil else { return nil }
        do {
            guard let (kind, bytes) = try await streams.next() else { return nil }
            return OutputChunk(kind: kind == .stderr ? .stderr : .stdout, bytes: bytes)
        } catch  where detached.current != nil {
            return nil
        }
    }

    func write(_ bytes: [UInt8]) async throws {
        guard let streams = await live.value() ?? nil else { return }
        guard terminal else { return try await streams.write(bytes) }
        let (passed, isDetached) = keys.withLock { $0.filter(bytes) }
        if !passed.isEmpty { try await streams.write(passed) }
        if isDetached {
            detached.resolve(())
            streams.close()
            onDetach()
        }
    }

    func closeInput() async throws {
        guard let streams = await live.value() ?? nil else { return }
        try await streams.closeInput()
    }

    func close() async {
        detached.resolve(())
        if let streams = live.current ?? nil { streams.close() }
    }
}

/// A session over bytes that are there already: attach without `stream`, or an exec that could not start.
final class ReplaySession: AttachSession {
    let terminal: Bool
    private let chunks: Mutex<[OutputChunk]>

    init(terminal: Bool, chunks: [OutputChunk]) {
        self.terminal = terminal
        self.chunks = Mutex(chunks)
    }

    func next() async throws -> OutputChunk? { chunks.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
    func write(_ bytes: [UInt8]) async throws {}
    func closeInput() async throws {}
    func close() async {}
}

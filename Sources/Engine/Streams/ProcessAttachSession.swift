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
    private let replay: ReplaySession?
    private let onDetach: @Sendable () -> Void

    /// - Parameters:
    ///   - live: resolved with nil when the program will not run.
    ///   - keys: looked for in what is typed, in terminals only.
    init(
        terminal: Bool, live: Deferred<AttachedStreams?>, replay: ReplaySession? = nil, keys: DetachKeys,
        onDetach: @escaping @Sendable () -> Void
    ) {
        self.terminal = terminal
        self.live = live
        self.keys = Mutex(keys)
        self.replay = replay
        self.onDetach = onDetach
    }

    /// The client left by its detach keys or by closing.
    var isDetached: Bool { detached.current != nil }

    func next() async throws -> OutputChunk? {
        if let chunk = try await replay?.next() { return chunk }
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
        await replay?.close()
        detached.resolve(())
        if let streams = live.current ?? nil { streams.close() }
    }
}

/// A session over output from before: attach without `stream`, what is replayed before the live output, or an exec that could not
/// start. It is read as the client takes it.
final class ReplaySession: AttachSession {
    typealias Source = @Sendable (@escaping @Sendable (OutputChunk) async throws -> Void) async throws -> Void

    let terminal: Bool
    private let chunks = Handoff<OutputChunk>()
    /// Ends with the source, or when the session is closed.
    private let reading: Task<Void, Never>

    init(terminal: Bool, source: @escaping Source) {
        self.terminal = terminal
        reading = Task { [chunks] in
            do {
                try await source { try await chunks.give($0) }
                chunks.end()
            } catch {
                chunks.end(error)
            }
        }
    }

    convenience init(terminal: Bool, chunks: [OutputChunk]) {
        self.init(terminal: terminal) { sink in
            for chunk in chunks { try await sink(chunk) }
        }
    }

    deinit { stop() }

    private func stop() {
        chunks.end()
        reading.cancel()
    }

    func next() async throws -> OutputChunk? { try await chunks.take() }
    func write(_ bytes: [UInt8]) async throws {}
    func closeInput() async throws {}
    func close() async { stop() }
}

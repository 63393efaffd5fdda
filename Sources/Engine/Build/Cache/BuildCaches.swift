import BuildGraph
import Builder
import Essentials
import Images
import LinuxSystem
import Logging
import OCI
import Synchronization

/// The caches that one build takes from and gives to.
final class BuildCaches: CacheExchange {
    /// A layer that a source has and the store has not.
    private struct Absent: Sendable {
        var diffID: Digest
        var parent: Digest?
        var blob: Descriptor
        var source: Int
    }

    private struct State {
        /// By the order in which they were named; nil for one that was given up.
        var sources: [ImportedCache?] = []
        var absent: [Digest: Absent] = [:]
        var broken: [Int: String] = [:]
        var works = 0
        var fetches = Solver<Digest, Void>()
    }

    /// Layers fetched at once.
    private static let parallelDownloads = 3

    let context: EngineContext
    let transfer: ImageTransfer
    let request: ImageBuildRequest
    private let state = Mutex(State())
    private let slots = WorkSlots(parallelDownloads)
    private let tell: Mutex<(@Sendable (BuildEvent) -> Void)?> = Mutex(nil)

    init(context: EngineContext, transfer: ImageTransfer, request: ImageBuildRequest) {
        self.context = context
        self.transfer = transfer
        self.request = request
    }

    var store: ImageStore { context.imageStore }

    // MARK: Reading

    func open(tell: @escaping @Sendable (BuildEvent) -> Void) async throws {
        self.tell.withLock { $0 = tell }
        for source in request.cacheSources {
            do {
                let cache = try await work("importing cache manifest from \(CacheReading.name(source))") { [self] in
                    try await CacheReading.read(source, self)
                }
                state.withLock { $0.sources.append(cache) }
            } catch {
                if error is CancellationError || Task.isCancelled { throw CancellationError() }
                tell(.warning("no cache from \(CacheReading.name(source)): \(Self.sentence(error))"))
            }
        }
        state.withLock { Self.list(&$0) }
    }

    /// Says that something begins and how it ended.
    func work<Value: Sendable>(_ name: String, _ body: @Sendable () async throws -> Value) async throws -> Value {
        let tell = tell.withLock { $0 }
        let id = state.withLock { state in
            state.works += 1
            // -1 is the client's own step.
            return -1 - state.works
        }
        let start = ContinuousClock.now
        func end(_ failure: String?) {
            let (seconds, attoseconds) = (ContinuousClock.now - start).components
            tell?(.workEnded(id: id, milliseconds: seconds * 1000 + attoseconds / 1_000_000_000_000_000, failure: failure))
        }
        tell?(.workStarted(id: id, name: name))
        do {
            let value = try await body()
            end(nil)
            return value
        } catch {
            end(Self.sentence(error))
            throw error
        }
    }

    /// The layers of all sources by their chain ids; of equal ones the first source's.
    private static func list(_ state: inout State) {
        state.absent = [:]
        for (number, source) in state.sources.enumerated() {
            guard let source, source.blobs != nil else { continue }
            for layers in source.results.values.map(\.layers) + [source.image?.layers ?? []] {
                var parent: Digest?
                for layer in layers {
                    let chainID = Layer.chainID(layer.diffID, on: parent)
                    if let blob = layer.blob, state.absent[chainID] == nil {
                        state.absent[chainID] = Absent(diffID: layer.diffID, parent: parent, blob: blob, source: number)
                    }
                    parent = chainID
                }
            }
        }
    }

    func step(_ key: String) -> ImportedStep? { find { $0.results[key] } }

    func step(after config: ImageConfig, line: String) -> ImportedStep? {
        find { source in source.isHistoryRead ? source.next(after: config, line: line) : nil }
    }

    private func find(_ result: (ImportedCache) -> ImportedCache.Result?) -> ImportedStep? {
        for case let source? in state.withLock({ $0.sources }) {
            guard let found = result(source), let top = found.layers.last,
                let chainID = Layer.chainIDs(found.layers.map(\.diffID)).last
            else { continue }
            // A layer of an image that was removed meanwhile is no result.
            guard source.blobs != nil || (try? store.layer(chainID: chainID)) != nil else { continue }
            var step = ImportedStep(chainID: chainID, diffID: top.diffID, createdAt: found.createdAt, origin: source.name)
            step.otherKeys = found.keys
            return step
        }
        return nil
    }

    // MARK: Layers

    func layerSize(_ chainID: Digest) throws -> Int64? { try store.layer(chainID: chainID)?.size }

    /// What a source has in the place of a layer that is not here.
    func absentBlob(_ chainID: Digest) -> (diffID: Digest, parent: Digest?, blob: Descriptor)? {
        state.withLock { $0.absent[chainID].map { ($0.diffID, $0.parent, $0.blob) } }
    }

    func bring(_ chainID: Digest) async throws {
        var missing: [(chainID: Digest, layer: Absent)] = []
        var next: Digest? = chainID
        while let chain = next, try store.layer(chainID: chain) == nil {
            guard let layer = state.withLock({ $0.absent[chain] }) else { break }
            missing.insert((chain, layer), at: 0)
            next = layer.parent
        }
        guard let top = missing.last else { return }
        let source = state.withLock { $0.sources[top.layer.source]?.name } ?? ""
        let fetches = state.withLock { $0.fetches }
        try await fetches.value(of: top.chainID) { [self, missing] in
            let count = missing.count == 1 ? "1 layer" : "\(missing.count) layers"
            try await work("fetching \(count) from \(source)") { try await self.fetch(missing.map(\.layer)) }
        }
    }

    /// Downloads some at once and unpacks one after the other, lowest first.
    private func fetch(_ layers: [Absent]) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for layer in layers { group.addTask { try await self.slots.run { try await self.download(layer) } } }
            try await group.waitForAll()
        }
        let store = store
        for layer in layers {
            do {
                _ = try await BlockingWork.run {
                    try store.unpackLayer(
                        blob: layer.blob.digest, mediaType: layer.blob.mediaType, diffID: layer.diffID, parent: layer.parent)
                }
            } catch { throw give(up: layer, error) }
        }
    }

    private func download(_ layer: Absent) async throws {
        guard let blobs = state.withLock({ $0.sources[layer.source]?.blobs }) else { return }
        do { try await blobs.fetch(layer.blob, into: store) } catch { throw give(up: layer, error) }
    }

    private func give(up layer: Absent, _ error: any Error) -> any Error {
        if error is CancellationError || Task.isCancelled { return CancellationError() }
        // A full disk is nobody's fault but ours.
        if let error = error as? GantryError, error.kind == .unavailable, error.message.contains("space left") { return error }
        state.withLock { $0.broken[layer.source] = Self.sentence(error) }
        return error
    }

    var hasBroken: Bool { state.withLock { !$0.broken.isEmpty } }

    func giveUpBroken() -> [String] {
        state.withLock { state in
            let sentences = state.broken.sorted { $0.key < $1.key }.map { number, reason in
                "the cache from \(state.sources[number]?.name ?? "") is not used further: \(reason)"
            }
            for number in state.broken.keys { state.sources[number] = nil }
            state.broken = [:]
            state.fetches = Solver()
            Self.list(&state)
            return sentences
        }
    }

    static func sentence(_ error: any Error) -> String {
        guard let error = error as? GantryError else { return "\(error)" }
        guard let cause = error.cause as? GantryError else { return error.message }
        return "\(error.message): \(cause.message)"
    }
}

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
    struct Absent: Sendable {
        var diffID: Digest
        var parent: Digest?
        var blob: Descriptor
        var source: Int
    }

    /// An image of a registry's that stages stand on and that was not pulled yet.
    struct Base: Sendable {
        var reference: Reference
        var pull: @Sendable (@escaping @Sendable (String, Int64?, Int64?) -> Void) async throws -> Void
    }

    struct State {
        /// By the chain ids of their layers.
        var bases: [Digest: Base] = [:]
        var pulls = Solver<Digest, Void>()
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
    let state = Mutex(State())
    let slots = WorkSlots(parallelDownloads)
    let tell: Mutex<(@Sendable (BuildEvent) -> Void)?> = Mutex(nil)

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
                let cache = try await work("importing cache manifest from \(CacheReading.name(source))") { [self] _ in
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
    /// - Parameter body: is given the work's number.
    func work<Value: Sendable>(_ name: String, _ body: @Sendable (Int) async throws -> Value) async throws -> Value {
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
            let value = try await body(id)
            end(nil)
            return value
        } catch {
            end(Self.sentence(error))
            throw error
        }
    }

    /// The layers of all sources by their chain ids; of equal ones the first source's.
    static func list(_ state: inout State) {
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

    static func sentence(_ error: any Error) -> String {
        guard let error = error as? GantryError else { return "\(error)" }
        guard let cause = error.cause as? GantryError else { return error.message }
        return "\(error.message): \(cause.message)"
    }
}

import BuildGraph
import Builder
import Essentials
import Images
import OCI
import Synchronization

/// Layers that come when they are needed.
extension BuildCaches {
    func layerSize(_ chainID: Digest) throws -> Int64? { try store.layer(chainID: chainID)?.size }

    /// What a source has in the place of a layer that is not here.
    func absentBlob(_ chainID: Digest) -> (diffID: Digest, parent: Digest?, blob: Descriptor)? {
        state.withLock { $0.absent[chainID].map { ($0.diffID, $0.parent, $0.blob) } }
    }

    /// Notes an image whose layers come when they are asked for.
    func addBase(
        _ reference: Reference, _ chains: [Digest],
        pull: @escaping @Sendable (@escaping @Sendable (String, Int64?, Int64?) -> Void) async throws -> Void
    ) {
        let base = Base(reference: reference, pull: pull)
        state.withLock { state in for chain in chains where state.bases[chain] == nil { state.bases[chain] = base } }
    }

    /// The repository of the source that has a layer; nil for a folder's.
    func origin(of chainID: Digest) -> Reference? {
        state.withLock { state in state.absent[chainID].flatMap { state.sources[$0.source]?.blobs?.reference } }
    }

    func cancel() async {
        let (fetches, pulls) = state.withLock { state in
            defer { (state.fetches, state.pulls) = (Solver(), Solver()) }
            return (state.fetches, state.pulls)
        }
        await fetches.cancel()
        await pulls.cancel()
    }

    func bring(_ chainID: Digest) async throws {
        try Task.checkCancellation()
        var missing: [(chainID: Digest, layer: Absent)] = []
        var next: Digest? = chainID
        while let chain = next, try store.layer(chainID: chain) == nil {
            if let base = state.withLock({ $0.bases[chain] }) {
                try await pull(base, chain)
                break
            }
            guard let layer = state.withLock({ $0.absent[chain] }) else { break }
            missing.insert((chain, layer), at: 0)
            next = layer.parent
        }
        guard let top = missing.last else { return }
        let source = state.withLock { $0.sources[top.layer.source]?.name } ?? ""
        let fetches = state.withLock { $0.fetches }
        try await fetches.value(of: top.chainID) { [self, missing] in
            let count = missing.count == 1 ? "1 layer" : "\(missing.count) layers"
            try await work("fetching \(count) from \(source)") { _ in try await self.fetch(missing.map(\.layer)) }
        }
    }

    /// Pulls the image below a chain of layers unless a source of the cache has those layers.
    func bringBase(of chainID: Digest) async throws {
        var next: Digest? = chainID
        while let chain = next, try store.layer(chainID: chain) == nil {
            if let absent = state.withLock({ $0.absent[chain] }) {
                next = absent.parent
            } else if let base = state.withLock({ $0.bases[chain] }) {
                return try await pull(base, chain)
            } else {
                return
            }
        }
    }

    private func pull(_ base: Base, _ chain: Digest) async throws {
        let pulls = state.withLock { $0.pulls }
        try await pulls.value(of: chain) { [self] in
            let tell = tell.withLock { $0 }
            try await work("pulling \(base.reference.familiar)") { id in
                try await base.pull { text, current, total in
                    tell?(.progress(id: id, text: text, current: current, total: total))
                }
            }
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
}

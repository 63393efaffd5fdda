internal import BuildGraph
internal import Essentials
internal import OCI
internal import Synchronization

/// What the steps of one build gave, for those who get the cache, and what came from others.
final class StepLedger: Sendable {
    private struct State {
        var steps: [ExportedStep] = []
        var keys: Set<String> = []
        var imported: [(step: CachedStep, otherKeys: [String])] = []
    }

    private let state = Mutex(State())

    func add(_ step: ExportedStep) {
        state.withLock { state in
            if state.keys.insert(step.key).inserted { state.steps.append(step) }
        }
    }

    /// A result from elsewhere, to be remembered here once its layers are here.
    func addImported(_ step: CachedStep, otherKeys: [String]) { state.withLock { $0.imported.append((step, otherKeys)) } }

    var steps: [ExportedStep] { state.withLock(\.steps) }

    /// Remembers the results from elsewhere whose layers were fetched.
    func remember(in cache: StepCache, _ exchange: any CacheExchange) throws {
        for (var step, otherKeys) in state.withLock({ $0.imported }) {
            guard let size = try exchange.layerSize(try OCI.Digest(step.chainID)) else { continue }
            step.size = size
            try cache.store(step)
            for key in otherKeys where key != step.key { try cache.addShortcut(key, to: step.key) }
        }
    }
}

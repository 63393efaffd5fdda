import Builder
import Essentials
import OCI
import Synchronization

/// Keeps what one build gives for another; its layers are wherever the worker has them.
final class MemoryExchange: CacheExchange {
    private struct State {
        var steps: [ExportedStep] = []
        var result: [String] = []
        var brought: [Digest] = []
        var isBroken = false
        var isGone = false
        var failsToBring = false
    }

    private let state = Mutex(State())
    let wantsInline: Bool

    init(wantsInline: Bool = false) { self.wantsInline = wantsInline }

    var steps: [ExportedStep] { state.withLock(\.steps) }
    var result: [String] { state.withLock(\.result) }
    var brought: [Digest] { state.withLock(\.brought) }

    /// The next layers that are asked for cannot be had.
    func failToBring() { state.withLock { $0.failsToBring = true } }

    func open(tell: @escaping @Sendable (BuildEvent) -> Void) async throws {}

    func step(_ key: String) -> ImportedStep? {
        state.withLock { state in
            guard !state.isGone, let step = state.steps.first(where: { $0.key == key || $0.otherKeys.contains(key) }) else {
                return nil
            }
            var found = ImportedStep(chainID: step.chainID, diffID: step.diffID, createdAt: step.createdAt, origin: "elsewhere")
            found.otherKeys = [step.key] + step.otherKeys
            return found
        }
    }

    func step(after config: ImageConfig, line: String) -> ImportedStep? { nil }
    func layerSize(_ chainID: Digest) throws -> Int64? { brought.contains(chainID) ? 1 : nil }

    func bring(_ chainID: Digest) async throws {
        try state.withLock { state in
            if state.failsToBring {
                state.isBroken = true
                throw GantryError.unavailable("the layers are gone")
            }
            state.brought.append(chainID)
        }
    }

    func cancel() async {}

    var hasBroken: Bool { state.withLock(\.isBroken) }

    func giveUpBroken() -> [String] {
        state.withLock { state in
            guard state.isBroken else { return [] }
            state.isBroken = false
            state.isGone = true
            state.failsToBring = false
            return ["elsewhere is given up"]
        }
    }

    func export(_ steps: [ExportedStep], result: [String], tell: @escaping @Sendable (BuildEvent) -> Void) async throws {
        state.withLock {
            $0.steps = steps
            $0.result = result
        }
    }
}

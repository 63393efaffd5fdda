import BuildGraph
import Builder
import Essentials
import Images
import OCI
import Synchronization

/// One Dockerfile built for one or several platforms at the same time, with the steps that they share done once.
struct PlatformBuilds: Sendable {
    /// What one platform came to.
    struct Outcome: Sendable {
        var platform: Platform
        var image: Digest?
        var chainID: Digest?
        var materials: [BuildMaterial]
        /// Images that it stands on.
        var bases: [Reference: Digest]
    }

    /// Room for the steps of one platform in the numbers of all.
    private static let idsPerPlatform = 100_000

    let platforms: [Platform]
    /// Makes the builder of a platform, which tells its events to the function.
    let make: @Sendable (Platform, @escaping @Sendable (BuildEvent) async throws -> Void) -> (ImageBuilder, EngineBuildWorker)
    let events: @Sendable (BuildEvent) async throws -> Void

    /// What the platforms have said so far, for what is to be said once.
    private struct Told: Sendable {
        var hasPlan = false
        var warnings: Set<String> = []
        var chains: [Int: Digest] = [:]
    }

    private final class Log: Sendable {
        let told = Mutex(Told())
    }

    /// - Returns: in the order of the platforms.
    func run() async throws -> [Outcome] {
        // Events of several builds reach the client one after the other.
        let turn = BuildLocks()
        let log = Log()
        return try await withThrowingTaskGroup(of: (Int, Outcome).self) { group in
            for (number, platform) in platforms.enumerated() {
                let (builder, worker) = make(platform) { event in
                    guard let event = log.told.withLock({ translate(event, number, &$0) }) else { return }
                    await turn.lock("events")
                    do { try await events(event) } catch {
                        await turn.unlock("events")
                        throw error
                    }
                    await turn.unlock("events")
                }
                group.addTask {
                    let image = try await builder.build(tags: [])
                    let chain = log.told.withLock { $0.chains[number] }
                    return (
                        number,
                        Outcome(
                            platform: platform, image: image, chainID: chain, materials: worker.materials.withLock { $0 },
                            bases: worker.bases.withLock { $0 })
                    )
                }
            }
            var outcomes: [(Int, Outcome)] = []
            for try await outcome in group { outcomes.append(outcome) }
            return outcomes.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// The event as the client hears it; nil for what is said once for all platforms.
    private func translate(_ event: BuildEvent, _ number: Int, _ told: inout Told) -> BuildEvent? {
        func own(_ id: Int) -> Int { number * Self.idsPerPlatform + id }
        // These are negative.
        func ownWork(_ id: Int) -> Int { id - number * Self.idsPerPlatform }
        switch event {
        case .plan(let total):
            // The same Dockerfile has the same steps for each, and a second plan would say that everything begins anew.
            defer { told.hasPlan = true }
            return told.hasPlan ? nil : .plan(total: total * platforms.count)
        case .workStarted(let id, let name): return .workStarted(id: ownWork(id), name: name)
        case .workEnded(let id, let time, let failure):
            return .workEnded(id: ownWork(id), milliseconds: time, failure: failure)
        case .stepStarted(var label):
            label.id = own(label.id)
            if platforms.count > 1 {
                let stage = label.stage.hasPrefix("stage-") ? "" : " \(label.stage)"
                label.stage = platforms[number].text + stage
            }
            return .stepStarted(label)
        case .stepCached(let id, let image, let origin): return .stepCached(id: own(id), image: image, origin: origin)
        case .stepFinished(let id, let time, let image): return .stepFinished(id: own(id), milliseconds: time, image: image)
        case .explanation(let id, let cause): return .explanation(id: own(id), cause: cause)
        case .output(let id, let stream, let bytes): return .output(id: own(id), stream: stream, bytes: bytes)
        case .progress(let id, let text, let current, let total):
            return .progress(id: own(id), text: text, current: current, total: total)
        case .stepFailed(let id, let time, let failure): return .stepFailed(id: own(id), milliseconds: time, failure: failure)
        case .warning(let text): return told.warnings.insert(text).inserted ? event : nil
        case .layers(let chain):
            told.chains[number] = chain
            return platforms.count == 1 ? event : nil
        case .imageWritten, .tagged: return nil
        case .report, .entrance, .recorded, .exported: return event
        }
    }
}

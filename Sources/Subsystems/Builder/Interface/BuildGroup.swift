package import BuildGraph
internal import Synchronization

/// Builds that belong together, such as those of one Dockerfile for several platforms: what one of them has made is there for
/// the others, also where the cache is not to be used.
package final class BuildGroup: Sendable {
    /// Shared with all other builds.
    let turns: StepTurns
    private let made = Mutex<Set<String>>([])

    package init(turns: StepTurns = StepTurns()) { self.turns = turns }

    func hasMade(_ key: String) -> Bool { made.withLock { $0.contains(key) } }
    func noteMade(_ key: String) { made.withLock { _ = $0.insert(key) } }
}

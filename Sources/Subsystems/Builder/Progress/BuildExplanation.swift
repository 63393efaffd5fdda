internal import Essentials
internal import FoundationEssentials

/// Collects why each step was done or not, for `--explain`.
package struct BuildExplanation: Sendable {
    package struct Step: Sendable, Codable, Hashable {
        package var step: Int
        package var stage: String
        package var instruction: String
        package var cached: Bool
        /// Empty for a step from the cache and for one that only changes metadata.
        package var reasons: [String]
        package var milliseconds: Int64
        /// Where the result was made, if not here.
        package var origin: String?
    }

    private var found: [Int: Step] = [:]

    package init() {}

    /// The steps in order.
    package var steps: [Step] { found.keys.sorted().compactMap { found[$0] } }

    package mutating func add(_ event: BuildEvent) {
        switch event {
        case .stepStarted(let label):
            found[label.id] = Step(
                step: label.id, stage: label.stage, instruction: label.name, cached: false, reasons: [], milliseconds: 0)
        case .stepCached(let id, _, let origin):
            found[id]?.cached = true
            found[id]?.origin = origin
        case .explanation(let id, let cause): found[id]?.reasons.append(cause.text)
        case .stepFinished(let id, let milliseconds, _), .stepFailed(let id, let milliseconds, _):
            found[id]?.milliseconds = milliseconds
        default: break
        }
    }

    /// A line for each step, its reasons below it.
    package var text: String {
        steps.map { step in
            let state =
                step.cached ? "cached" + (step.origin.map { ", imported from \($0)" } ?? "") : "done in \(step.milliseconds) ms"
            return (["\(step.step) \(step.instruction): \(state)"] + step.reasons.map { "    \($0)" }).joined(separator: "\n")
        }.joined(separator: "\n")
    }

    /// The steps as a JSON array.
    package func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(steps))
    }
}

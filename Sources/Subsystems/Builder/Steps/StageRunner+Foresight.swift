internal import BuildGraph
internal import Dockerfile
internal import Essentials
internal import OCI
internal import Synchronization

extension StageRunner {
    /// `--what-if`: says whether a step would be done again, and does nothing.
    ///
    /// What stands on a step that would be done again has no known content: it counts as done again too.
    mutating func foresee(_ key: StepKey, _ step: Step, _ history: String, isLinked: Bool) async throws -> Outcome {
        if isStale && !isLinked {
            note(step, "its parent would be built again", try lastDuration(step, key))
            return .done
        }
        if let cached = try await cached(key) {
            state.add(cached, history, step: step.id)
            return .cached
        }
        isStale = true
        for text in MissExplanation.sentences(
            key, earlier: try session.cache.relatives(of: key.place, description: key.description))
        {
            note(step, text, nil)
        }
        session.foresight.withLock { $0.append(.init(step: step.id, milliseconds: (try? lastDuration(step, key)) ?? nil)) }
        return .done
    }

    private func note(_ step: Step, _ text: String, _ milliseconds: Int64?) {
        session.emit(.explanation(id: step.id, text: text))
        if let milliseconds { session.foresight.withLock { $0.append(.init(step: step.id, milliseconds: milliseconds)) } }
    }

    /// What the step took when it was done last.
    private func lastDuration(_ step: Step, _ key: StepKey) throws -> Int64? {
        try session.cache.relatives(of: key.place, description: key.description, limit: 1).first?.milliseconds
    }
}

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
        let causes: [MissCause]
        if isStale && !isLinked {
            causes = [MissCause("its parent would be built again", kind: "parent")]
        } else if let hit = try await find(key) {
            state.add(hit.layer, history, step: step.id, key: key.digest)
            return .cached(hit.origin)
        } else {
            causes = MissExplanation.causes(
                key, earlier: try session.cache.relatives(of: key.place, description: key.description))
        }
        isStale = true
        for cause in causes { session.emit(.explanation(id: step.id, cause: BuildCause(cause))) }
        let foreseen = BuildSession.Foreseen(step: step.id, milliseconds: try lastDuration(step, key))
        session.foresight.withLock { $0.append(foreseen) }
        return .done
    }

    /// What the step took when it was done last.
    private func lastDuration(_ step: Step, _ key: StepKey) throws -> Int64? {
        try session.cache.relatives(of: key.place, description: key.description, limit: 1).first?.milliseconds
    }
}

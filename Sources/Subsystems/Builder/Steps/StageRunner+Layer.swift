internal import BuildGraph
internal import Dockerfile
internal import Essentials
internal import OCI

extension StageRunner {
    /// Takes a step's layer from the cache, or makes it and remembers it.
    /// - Parameters:
    ///   - ingredients: what the result depends on beside the parent.
    ///   - history: the line in the image's history.
    ///   - work: writes into the workspace.
    mutating func layer(
        _ step: Step, _ ingredients: [Ingredient], history: String,
        work: @escaping @Sendable (StepWorkspace) async throws -> Void
    ) async throws -> Outcome {
        let place = StepKey.Place(
            scope: session.options.scope, stage: plan.stage.displayName, position: step.position, keyword: step.instruction.keyword)
        let parent = Ingredient(.parent, "layers", state.chainID?.description ?? "scratch")
        let platform = Ingredient(.platform, "platform", GlobalArguments.text(plan.platform))
        let key = StepKey(
            place: place, description: step.instruction.text, ingredients: [parent, platform] + ingredients,
            parentStep: state.layerStep)
        if let cached = try await cached(key) {
            state.add(cached, history, step: step.id)
            return .cached
        }
        try explain(key, step)
        let made = try await make(work)
        let now = Timestamp.now()
        try session.cache.store(
            CachedStep(key: key, chainID: made.chainID.description, diffID: made.diffID.description, size: made.size, now: now))
        state.add(StageState.CommittedLayer(chainID: made.chainID, diffID: made.diffID, createdAt: now), history, step: step.id)
        return .done
    }

    private func cached(_ key: StepKey) async throws -> StageState.CommittedLayer? {
        guard !session.options.noCache, let hit = try session.cache.step(key.digest) else { return nil }
        let chainID = try Digest(hit.chainID)
        guard try await session.worker.hasLayers(chainID) else {
            try session.cache.remove([hit.key])
            return nil
        }
        try session.cache.use(hit.key, now: .now())
        return StageState.CommittedLayer(chainID: chainID, diffID: try Digest(hit.diffID), createdAt: hit.createdAt)
    }

    private func explain(_ key: StepKey, _ step: Step) throws {
        if session.options.noCache {
            session.emit(.explanation(id: step.id, text: "--no-cache"))
            return
        }
        let earlier = try session.cache.relatives(of: key.place, description: key.description)
        for text in MissExplanation.sentences(key, earlier: earlier) { session.emit(.explanation(id: step.id, text: text)) }
    }

    private func make(_ work: @escaping @Sendable (StepWorkspace) async throws -> Void) async throws -> StepLayer {
        let worker = session.worker
        let parent = state.chainID
        return try await session.slots.run {
            let workspace = try await worker.beginStep(parent: parent)
            do { try await work(workspace) } catch {
                await worker.discard(workspace)
                throw error
            }
            return try await worker.commit(workspace)
        }
    }
}

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
        _ step: Step, _ ingredients: [Ingredient], history: String, isLinked: Bool = false,
        work: @escaping @Sendable (StepWorkspace) async throws -> Void
    ) async throws -> Outcome {
        let place = StepKey.Place(
            scope: session.options.scope, stage: plan.stage.displayName, position: step.position, keyword: step.instruction.keyword)
        let parent =
            isLinked
            ? Ingredient(.flag, "--link", "true") : Ingredient(.parent, "layers", state.chainID?.description ?? "scratch")
        let platform = Ingredient(.platform, "platform", GlobalArguments.text(plan.platform))
        let epoch = session.epoch.map { [Ingredient(.setting, "SOURCE_DATE_EPOCH", String($0 / 1_000_000_000))] } ?? []
        let key = StepKey(
            place: place, description: step.instruction.text, ingredients: [parent, platform] + epoch + ingredients,
            parentStep: isLinked ? nil : state.layerStep)
        if case .whatIf = session.options.call { return try await foresee(key, step, history, isLinked: isLinked) }
        if let cached = try await cached(key) {
            state.add(try await placed(cached, isLinked: isLinked), history, step: step.id)
            return .cached
        }
        // An equal step of another build that goes on now is waited for.
        try await session.group.turns.take(key.digest)
        let outcome: Outcome
        do { outcome = try await makeOrFind(key, step, history, isLinked, work) } catch {
            await session.group.turns.give(key.digest)
            throw error
        }
        await session.group.turns.give(key.digest)
        return outcome
    }

    /// Makes the step's layer, unless somebody else has while we waited for our turn.
    private mutating func makeOrFind(
        _ key: StepKey, _ step: Step, _ history: String, _ isLinked: Bool,
        _ work: @escaping @Sendable (StepWorkspace) async throws -> Void
    ) async throws -> Outcome {
        if let cached = try await cached(key) {
            state.add(try await placed(cached, isLinked: isLinked), history, step: step.id)
            return .cached
        }
        try explain(key, step)
        let clock = ContinuousClock.now
        let made = try await make(on: isLinked ? nil : state.chainID, work, state.timeLimit(session))
        let (seconds, attoseconds) = (ContinuousClock.now - clock).components
        let now = Timestamp.now()
        var record = CachedStep(
            key: key, chainID: made.chainID.description, diffID: made.diffID.description, size: made.size, now: now)
        record.milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
        record.layerTime = state.timeLimit(session).map { Timestamp(nanoseconds: $0) }
        try session.cache.store(record)
        session.group.noteMade(key.digest)
        let layer = StageState.CommittedLayer(
            chainID: made.chainID, diffID: made.diffID, createdAt: record.layerTime ?? now)
        state.add(try await placed(layer, isLinked: isLinked), history, step: step.id)
        return .done
    }

    /// A layer made on nothing is put on top of what the stage has.
    private func placed(_ layer: StageState.CommittedLayer, isLinked: Bool) async throws -> StageState.CommittedLayer {
        guard isLinked, let parent = state.chainID else { return layer }
        var layer = layer
        layer.chainID = try await session.worker.stack(layer.chainID, onto: parent)
        return layer
    }

    func cached(_ key: StepKey) async throws -> StageState.CommittedLayer? {
        guard !skipsCache || session.group.hasMade(key.digest), let hit = try session.cache.step(key.digest) else { return nil }
        let chainID = try Digest(hit.chainID)
        guard try await session.worker.hasLayers(chainID) else {
            try session.cache.remove([hit.key])
            return nil
        }
        try session.cache.use(hit.key, now: .now())
        return StageState.CommittedLayer(
            chainID: chainID, diffID: try Digest(hit.diffID), createdAt: hit.layerTime ?? hit.createdAt)
    }

    /// `--no-cache`, or `--no-cache-filter` with the name of this stage.
    private var skipsCache: Bool {
        session.options.noCache || session.options.noCacheStages.contains(plan.stage.displayName)
            || session.options.noCacheStages.contains(String(plan.stage.index))
    }

    private func explain(_ key: StepKey, _ step: Step) throws {
        if skipsCache {
            let flag = session.options.noCache ? "--no-cache" : "--no-cache-filter"
            session.emit(.explanation(id: step.id, cause: BuildCause(MissCause(flag, kind: "flag", name: flag))))
            return
        }
        let earlier = try session.cache.relatives(of: key.place, description: key.description)
        for cause in MissExplanation.causes(key, earlier: earlier) {
            session.emit(.explanation(id: step.id, cause: BuildCause(cause)))
        }
    }

    private func make(
        on parent: OCI.Digest?, _ work: @escaping @Sendable (StepWorkspace) async throws -> Void, _ timeLimit: Int64?
    ) async throws -> StepLayer {
        let worker = session.worker
        return try await session.slots.run {
            let workspace = try await worker.beginStep(parent: parent)
            do { try await work(workspace) } catch {
                await worker.discard(workspace)
                throw error
            }
            return try await worker.commit(workspace, notLaterThan: timeLimit)
        }
    }
}

internal import BuildGraph
internal import Dockerfile
internal import Essentials
internal import OCI

extension StageRunner {
    /// Takes a step's layer from the cache, or makes it and remembers it.
    /// - Parameters:
    ///   - ingredients: what the result depends on beside the parent.
    ///   - history: the line in the image's history.
    ///   - shortcut: another key of the result, known before its ingredients were.
    ///   - followsText: nothing but the instruction's text and the layers below decide the result.
    ///   - work: writes into the workspace.
    mutating func layer(
        _ step: Step, _ ingredients: [Ingredient], history: String, isLinked: Bool = false, shortcut: StepKey? = nil,
        followsText: Bool = false, work: @escaping @Sendable (StepWorkspace) async throws -> Void
    ) async throws -> Outcome {
        let key = key(step, ingredients, isLinked: isLinked)
        if case .whatIf = session.options.call { return try await foresee(key, step, history, isLinked: isLinked) }
        if let hit = try await find(key, followsText: followsText, history) {
            return try await take(hit, key, shortcut, step, history, isLinked: isLinked)
        }
        // An equal step of another build that goes on now is waited for.
        try await session.group.turns.take(key.digest)
        let outcome: Outcome
        do {
            // Somebody else may have made it while we waited for our turn.
            if let hit = try await find(key) {
                outcome = try await take(hit, key, shortcut, step, history, isLinked: isLinked)
            } else {
                outcome = try await make(key, shortcut, step, history, isLinked, work)
            }
        } catch {
            await session.group.turns.give(key.digest)
            throw error
        }
        await session.group.turns.give(key.digest)
        return outcome
    }

    /// A result of ours or of another machine, found by its key or by what stands before it and its text.
    private func find(_ key: StepKey, followsText: Bool, _ history: String) async throws -> Hit? {
        if let hit = try await find(key) { return hit }
        guard followsText, !skipsCache else { return nil }
        return session.exchange?.step(after: state.config, line: history).map(Hit.init)
    }

    private mutating func make(
        _ key: StepKey, _ shortcut: StepKey?, _ step: Step, _ history: String, _ isLinked: Bool,
        _ work: @escaping @Sendable (StepWorkspace) async throws -> Void
    ) async throws -> Outcome {
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
        if let shortcut { try session.cache.addShortcut(shortcut.digest, to: key.digest) }
        let layer = StageState.CommittedLayer(
            chainID: made.chainID, diffID: made.diffID, createdAt: record.layerTime ?? now)
        try await add(layer, key, shortcut.map { [$0.digest] } ?? [], step, history, isLinked: isLinked)
        return .done
    }

    /// The key of a step that stands on what the stage has so far.
    func key(_ step: Step, _ ingredients: [Ingredient], isLinked: Bool) -> StepKey {
        let parent =
            isLinked
            ? Ingredient(.flag, "--link", "true") : Ingredient(.parent, "layers", state.chainID?.description ?? "scratch")
        let platform = Ingredient(.platform, "platform", GlobalArguments.text(plan.platform))
        let epoch = session.epoch.map { [Ingredient(.setting, "SOURCE_DATE_EPOCH", String($0 / 1_000_000_000))] } ?? []
        return StepKey(
            place: place(of: step), description: step.instruction.text, ingredients: [parent, platform] + epoch + ingredients,
            parentStep: isLinked ? nil : state.layerStep)
    }

    func place(of step: Step) -> StepKey.Place {
        StepKey.Place(
            scope: session.options.scope, stage: plan.stage.displayName, position: step.position, keyword: step.instruction.keyword)
    }

    /// Uses a result that was found.
    mutating func take(
        _ hit: Hit, _ key: StepKey, _ shortcut: StepKey?, _ step: Step, _ history: String, isLinked: Bool
    ) async throws -> Outcome {
        let layer = hit.layer
        let otherKeys = hit.otherKeys + (shortcut.map { [$0.digest] } ?? [])
        if hit.origin != nil {
            var record = CachedStep(
                key: key, chainID: layer.chainID.description, diffID: layer.diffID.description, size: 0, now: .now())
            record.layerTime = layer.createdAt
            session.ledger.addImported(record, otherKeys: otherKeys)
        } else if let shortcut {
            try session.cache.addShortcut(shortcut.digest, to: key.digest)
        }
        try await add(layer, key, otherKeys, step, history, isLinked: isLinked)
        return .cached(hit.origin)
    }

    private mutating func add(
        _ layer: StageState.CommittedLayer, _ key: StepKey, _ otherKeys: [String], _ step: Step, _ history: String, isLinked: Bool
    ) async throws {
        session.ledger.add(
            ExportedStep(
                key: key.digest, otherKeys: otherKeys.filter { $0 != key.digest }, parent: isLinked ? nil : state.stepKeys.last,
                chainID: layer.chainID,
                diffID: layer.diffID, createdAt: layer.createdAt))
        state.add(try await placed(layer, isLinked: isLinked), history, step: step.id, key: key.digest)
    }

    /// A layer made on nothing is put on top of what the stage has.
    private func placed(_ layer: StageState.CommittedLayer, isLinked: Bool) async throws -> StageState.CommittedLayer {
        guard isLinked, let parent = state.chainID else { return layer }
        var layer = layer
        layer.chainID = try await session.worker.stack(layer.chainID, onto: parent)
        return layer
    }

    /// A result that was found, and where it came from when it was not made here.
    struct Hit: Sendable {
        var layer: StageState.CommittedLayer
        var origin: String?
        var otherKeys: [String] = []

        init(layer: StageState.CommittedLayer, otherKeys: [String]) {
            self.layer = layer
            self.otherKeys = otherKeys
        }

        init(_ step: ImportedStep) {
            layer = StageState.CommittedLayer(chainID: step.chainID, diffID: step.diffID, createdAt: step.createdAt)
            origin = step.origin
            otherKeys = step.otherKeys
        }
    }

    /// The result for a key: our own, or one of another machine.
    func find(_ key: StepKey) async throws -> Hit? {
        guard !skipsCache || session.group.hasMade(key.digest) else { return nil }
        if let hit = try session.cache.step(key.digest) {
            let chainID = try Digest(hit.chainID)
            if try await session.worker.hasLayers(chainID) {
                try session.cache.use(hit.key, now: .now())
                let layer = StageState.CommittedLayer(
                    chainID: chainID, diffID: try Digest(hit.diffID), createdAt: hit.layerTime ?? hit.createdAt)
                return Hit(layer: layer, otherKeys: hit.key == key.digest ? [] : [hit.key])
            }
            try session.cache.remove([hit.key])
        }
        return skipsCache ? nil : session.exchange?.step(key.digest).map(Hit.init)
    }

    /// `--no-cache`, or `--no-cache-filter` with the name of this stage.
    var skipsCache: Bool {
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

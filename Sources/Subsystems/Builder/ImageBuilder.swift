package import BuildGraph
internal import Dockerfile
internal import Essentials
package import OCI
internal import Synchronization

/// Builds one image from a Dockerfile.
package final class ImageBuilder: Sendable {
    private let worker: any BuildWorker
    private let cache: StepCache
    private let exchange: (any CacheExchange)?
    private let hashes: ContentHashes
    private let options: BuildOptions
    private let context: BuildContext
    private let dockerfile: String
    private let group: BuildGroup
    private let events: @Sendable (BuildEvent) async throws -> Void

    /// - Parameters:
    ///   - exchange: gives and takes results of other machines; nil for none.
    ///   - dockerfile: the Dockerfile's text.
    ///   - group: the builds that this one shares its steps with.
    ///   - events: told everything in order; when it throws, the build is cancelled.
    package init(
        worker: any BuildWorker, cache: StepCache, exchange: (any CacheExchange)? = nil, hashes: ContentHashes = ContentHashes(),
        options: BuildOptions, context: BuildContext, dockerfile: String, group: BuildGroup = BuildGroup(),
        events: @escaping @Sendable (BuildEvent) async throws -> Void
    ) {
        self.worker = worker
        self.cache = cache
        self.exchange = exchange
        self.hashes = hashes
        self.options = options
        self.context = context
        self.dockerfile = dockerfile
        self.group = group
        self.events = events
    }

    /// Builds, stores and names the image.
    /// - Returns: the image's id; nil when none was asked for.
    /// - Throws: ``BuildFailure`` with the place in the Dockerfile, or CancellationError; nothing keeps running then.
    package func build(tags: [Reference]) async throws -> Digest? {
        let (stream, continuation) = AsyncStream.makeStream(of: BuildEvent.self)
        let events = self.events
        let gate = OutputGate()
        return try await withThrowingTaskGroup(of: Outcome.self) { group in
            group.addTask {
                do { for await event in stream { try await Self.deliver(event, events, gate) } } catch {
                    await gate.open()
                    throw error
                }
                await gate.open()
                return .delivered
            }
            group.addTask {
                defer { continuation.finish() }
                return .built(try await self.run(tags, gate) { continuation.yield($0) })
            }
            var result: Digest?
            var isComplete = false
            var failure: (any Error)?
            while let outcome = await group.nextResult() {
                switch outcome {
                case .success(.built(let digest)):
                    result = digest
                    isComplete = true
                case .success(.delivered): break
                case .failure(let error):
                    // The first failure counts; the build must end, what it has said is still delivered.
                    if failure == nil { failure = error }
                    if !(error is BuildFailure) { group.cancelAll() }
                }
            }
            if let failure { throw failure }
            guard isComplete else { throw CancellationError() }
            return result
        }
    }

    private enum Outcome: Sendable {
        case delivered
        case built(Digest?)
    }

    private static func deliver(
        _ event: BuildEvent, _ events: @Sendable (BuildEvent) async throws -> Void, _ gate: OutputGate
    ) async throws {
        try await events(event)
        if case .output(_, _, let bytes) = event { await gate.leave(bytes.count) }
    }

    private func run(
        _ tags: [Reference], _ gate: OutputGate, emit: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> Digest? {
        let started = ContinuousClock.now
        let file = try parse()
        try refuseForeignFrontEnd(file)
        var session = try session(file, gate, emit)
        let checks = BuildChecks(session: session)
        if let report = try await checks.report() {
            emit(.report(report))
            return nil
        }
        try await checks.refuseWhereAsked()
        for name in unusedArguments(file) { emit(.warning("[Warning] One or more build-args [\(name)] were not consumed")) }
        try await exchange?.open(tell: emit)
        while true {
            do { return try await attempt(session, tags, started, emit) } catch {
                // Without the broken sources there are fewer each time.
                guard let exchange, !Task.isCancelled, case let broken = exchange.giveUpBroken(), !broken.isEmpty else {
                    throw error
                }
                for sentence in broken { emit(.warning(sentence)) }
                session = try self.session(file, gate, emit)
            }
        }
    }

    private func session(
        _ file: ParsedDockerfile, _ gate: OutputGate, _ emit: @escaping @Sendable (BuildEvent) -> Void
    ) throws -> BuildSession {
        try BuildSession(
            worker: worker, cache: cache, exchange: exchange, hashes: hashes, options: options, context: context, file: file,
            group: group, gate: gate, emit: emit)
    }

    private func attempt(
        _ session: BuildSession, _ tags: [Reference], _ started: ContinuousClock.Instant,
        _ emit: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> Digest? {
        emit(.plan(total: session.plan.total))
        do {
            return try await withTaskCancellationHandler {
                let state = try await session.stage(session.plan.target)
                try BuildChecks(session: session).tell(emit)
                let id = try await finish(state, session, tags, started, emit)
                if let exchange { try session.ledger.remember(in: cache, exchange) }
                return id
            } onCancel: {
                // The solvers' tasks are not children of this one; their own ends are awaited below.
                Task { await session.cancel() }
            }
        } catch {
            await session.cancel()
            if Task.isCancelled { throw CancellationError() }
            if let exchange, !exchange.hasBroken { try session.ledger.remember(in: cache, exchange) }
            if exchange?.hasBroken != true { try BuildChecks(session: session).tell(emit) }
            if error is BuildFailure || error is CancellationError { throw error }
            throw BuildFailure((error as? GantryError) ?? .internal("the build did not end", cause: error))
        }
    }

    private func finish(
        _ state: StageState, _ session: BuildSession, _ tags: [Reference], _ started: ContinuousClock.Instant,
        _ emit: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> Digest? {
        if case .whatIf = options.call {
            emit(.report(session.foresight.withLock { Foresight(steps: $0, total: session.plan.total) }.text))
            return nil
        }
        if let chainID = state.chainID, !options.discardsResult {
            try await exchange?.bring(chainID)
            emit(.layers(chainID))
        }
        var id: Digest?
        if !options.discardsImage {
            id = try await write(options.squashes ? try await squashed(state) : state, session, tags, started, emit)
        }
        try await exchange?.export(session.ledger.steps, result: state.stepKeys, tell: emit)
        return id
    }

    /// One layer in place of all those above the base.
    private func squashed(_ state: StageState) async throws -> StageState {
        var state = state
        guard let top = state.chainID, top != state.baseChainID else { return state }
        let layer = try await worker.squash(top, onto: state.baseChainID)
        state.squash(layer)
        return state
    }

    /// Dockerfile front ends by Docker mean the language built in here; any other is a program that we do not run.
    private func refuseForeignFrontEnd(_ file: ParsedDockerfile) throws {
        let given = options.buildArguments["BUILDKIT_SYNTAX"].flatMap { $0 }
        guard let syntax = given ?? file.directives.syntax, let first = syntax.split(separator: " ").first else { return }
        let name = (try? Reference(String(first)))?.familiarRepository ?? String(first)
        guard !["docker/dockerfile", "docker/dockerfile-upstream"].contains(name) else { return }
        throw BuildFailure(
            .unsupported(
                "the front end `\(first)` is not run: only docker/dockerfile, which is built in, is known",
                hint: "take the `# syntax=` line away"))
    }

    private func parse() throws -> ParsedDockerfile {
        do throws(DockerfileError) {
            var file = try ParsedDockerfile(dockerfile)
            file.name = options.dockerfileName
            return file
        } catch {
            let excerpt = error.range.map { SourceExcerpt.render(dockerfile, name: options.dockerfileName, range: $0) } ?? ""
            throw BuildFailure(error.gantryError, range: error.range, excerpt: excerpt)
        }
    }

    /// `--build-arg`s that no ARG asks for and that have no meaning of their own.
    private func unusedArguments(_ file: ParsedDockerfile) -> [String] {
        var known = GlobalArguments.proxyNames
        for instruction in file.globalArguments + file.stages.flatMap(\.instructions) {
            if case .arg(let declarations) = instruction.body { known.formUnion(declarations.map(\.name)) }
        }
        return options.buildArguments.keys.filter { !known.contains($0) && !$0.hasPrefix("BUILDKIT_") && $0 != "SOURCE_DATE_EPOCH" }
            .sorted()
    }

    private func write(
        _ state: StageState, _ session: BuildSession, _ tags: [Reference], _ started: ContinuousClock.Instant,
        _ emit: (BuildEvent) -> Void
    ) async throws -> Digest {
        var state = state
        if !options.labels.isEmpty {
            let labels = options.labels
            state.set { $0.labels = ($0.labels ?? [:]).merging(labels) { _, new in new } }
        }
        guard state.chainID != nil || state.config.history?.isEmpty == false else {
            throw BuildFailure(.invalid("No image was generated. Is your Dockerfile empty?"))
        }
        state.config.created = state.createdAt ?? Timestamp.now().rfc3339
        if exchange?.wantsInline == true {
            let own = session.ledger.steps.filter { state.stepKeys.contains($0.key) }
            state.config.buildCache = try InlineCache.text(own, diffIDs: state.config.rootfs.diffIDs)
        }
        let id = try await worker.createImage(config: state.config, chainID: state.chainID, tags: tags)
        let (seconds, attoseconds) = (ContinuousClock.now - started).components
        emit(.imageWritten(id, milliseconds: seconds * 1000 + attoseconds / 1_000_000_000_000_000))
        for tag in tags { emit(.tagged(tag.withDefaultTag.familiar)) }
        return id
    }
}

internal import BuildGraph
internal import Dockerfile
internal import Essentials
internal import LinuxSystem
internal import OCI
internal import Synchronization

/// What all stages of one build share.
final class BuildSession: Sendable {
    let worker: any BuildWorker
    let cache: StepCache
    let exchange: (any CacheExchange)?
    /// What the steps gave.
    let ledger = StepLedger()
    let options: BuildOptions
    let context: BuildContext
    let file: ParsedDockerfile
    let globals: GlobalArguments
    let plan: BuildPlan
    private let late: Mutex<LateStages>
    let expander: VariableExpander
    let hasher: ContentHasher
    /// Variables of base images, by stage, for the checks.
    let baseVariables = Mutex<[Int: Set<String>]>([:])
    /// `--what-if`: the steps that would be done again, with what they took last.
    let foresight = Mutex<[Foreseen]>([])

    /// Stages that the plan does not know of: only triggers of a base image copy from them. Their steps are numbered after all others.
    private struct LateStages {
        var stages: [Int: BuildPlan.StagePlan] = [:]
        /// Steps so far.
        var total: Int
    }

    struct Foreseen: Sendable {
        var step: Int
        /// Nil when not known.
        var milliseconds: Int64?
    }

    /// Found while building.
    let warnings = Mutex<[DockerfileWarning]>([])
    /// SOURCE_DATE_EPOCH in nanoseconds; nil when it was not given.
    let epoch: Int64?
    let slots: WorkSlots
    let solver = Solver<Int, StageState>()
    /// Bases are asked for once, however many stages stand on them.
    let bases = Solver<String, BaseImage>()
    let emit: @Sendable (BuildEvent) -> Void
    let gate: OutputGate
    let group: BuildGroup

    init(
        worker: any BuildWorker, cache: StepCache, exchange: (any CacheExchange)?, hashes: ContentHashes, options: BuildOptions,
        context: BuildContext, file: ParsedDockerfile, group: BuildGroup, gate: OutputGate,
        emit: @escaping @Sendable (BuildEvent) -> Void
    ) throws {
        if case .whatIf(let paths) = options.call {
            hasher = ContentHasher(known: hashes, assumedChanges: paths.map(CleanPath.relative))
        } else {
            hasher = ContentHasher(known: hashes)
        }
        self.gate = gate
        self.group = group
        self.worker = worker
        self.cache = cache
        self.exchange = exchange
        self.options = options
        self.context = context
        self.file = file
        self.emit = emit
        expander = VariableExpander(escape: file.directives.escape)
        epoch = try options.buildArguments["SOURCE_DATE_EPOCH"].flatMap { $0 }.map { text in
            guard let seconds = Int64(text), (0..<9_000_000_000).contains(seconds) else {
                throw BuildFailure(.invalid("invalid SOURCE_DATE_EPOCH: \(text)"))
            }
            return seconds * 1_000_000_000
        }
        slots = WorkSlots(options.parallelSteps)
        globals = try GlobalArguments(file: file, options: options, expander: expander)
        plan = try BuildPlan(file: file, options: options, globals: globals, expander: expander)
        late = Mutex(LateStages(total: plan.total))
    }

    /// Steps that are known to be needed.
    var total: Int { late.withLock(\.total) }

    private func plan(of index: Int) throws -> BuildPlan.StagePlan {
        if let planned = plan.stages[index] { return planned }
        return try late.withLock { late in
            if let planned = late.stages[index] { return planned }
            var stage = try BuildPlan.plan(file.stages[index], file, options, globals, expander)
            stage.firstStep = late.total + 1
            late.total += 1 + stage.stage.instructions.count
            late.stages[index] = stage
            return stage
        }
    }

    /// The finished stage, made when nobody has asked for it yet; the stages it needs are made at the same time.
    func stage(_ index: Int) async throws -> StageState {
        try await solver.value(of: index) { [self] in
            let plan = try plan(of: index)
            return try await withThrowingTaskGroup(of: StageState?.self) { group in
                for dependency in plan.dependencies {
                    group.addTask {
                        _ = try await self.stage(dependency)
                        return nil
                    }
                }
                group.addTask {
                    var runner = StageRunner(session: self, plan: plan)
                    return try await runner.run()
                }
                var result: StageState?
                // The first failure ends the others.
                for try await state in group { if let state { result = state } }
                guard let result else { throw CancellationError() }
                return result
            }
        }
    }

    /// A base image or the source of `--from=image`.
    func image(_ name: String, platform: Platform, step: Int) async throws -> BaseImage {
        let reference = try Reference(name).withDefaultTag
        return try await bases.value(of: "\(reference.canonical) \(GlobalArguments.text(platform))") { [self] in
            try await worker.resolveBase(reference, platform: platform, pull: options.pull) { text, current, total in
                self.emit(.progress(id: step, text: text, current: current, total: total))
            }
        }
    }

    /// The root directory that `--from` means.
    /// - Parameter platform: of the stage that asks.
    func root(_ source: BuildPlan.Source, platform: Platform, step: Int) async throws -> OwnedDescriptor {
        switch source {
        case .context: return context.root
        case .named(let name):
            guard case .directory(let folder)? = options.contexts[name] else {
                throw GantryError.internal("no context `\(name)`")
            }
            return folder.root
        case .local(let id): return try await worker.openReadOnly(chainID: try await worker.localImage(id).chainID)
        case .scratch: return try await worker.openReadOnly(chainID: nil)
        case .stage(let index): return try await worker.openReadOnly(chainID: try await stage(index).chainID)
        case .image(let name):
            let image = try await image(name, platform: platform, step: step)
            return try await worker.openReadOnly(chainID: image.chainID)
        }
    }

    /// What `--from` means to a stage.
    func source(_ name: String, before index: Int) throws -> BuildPlan.Source {
        try BuildPlan.source(name, before: index, file, options.contexts)
    }

    /// The chain of layers that a source of files is; nil for files that are no layers.
    func chain(_ source: BuildPlan.Source, platform: Platform, step: Int) async throws -> String? {
        let chainID: Digest?
        switch source {
        case .context, .named: return nil
        case .scratch: chainID = nil
        case .local(let id): chainID = try await worker.localImage(id).chainID
        case .stage(let index): chainID = try await stage(index).chainID
        case .image(let name): chainID = try await image(name, platform: platform, step: step).chainID
        }
        return chainID?.description ?? "scratch"
    }

    /// What is left out of a source, and whether it came from a client, whose owners mean nothing.
    func rules(_ source: BuildPlan.Source) -> (ignored: IgnoreFile, isFromClient: Bool) {
        switch source {
        case .context: return (context.ignored, true)
        case .named(let name):
            if case .directory(let folder)? = options.contexts[name] { return (folder.ignored, true) }
            return (IgnoreFile(), true)
        case .stage, .image, .scratch, .local: return (IgnoreFile(), false)
        }
    }

    /// Everything is told first, because one waits for the other: a stage for layers that are being fetched.
    func cancel() async {
        await solver.cancelSoon()
        await bases.cancelSoon()
        await exchange?.cancel()
        await bases.cancel()
        await solver.cancel()
    }
}

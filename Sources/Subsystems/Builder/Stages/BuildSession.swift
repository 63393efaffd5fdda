internal import BuildGraph
internal import Dockerfile
internal import Essentials
internal import LinuxSystem
internal import OCI

/// What all stages of one build share.
final class BuildSession: Sendable {
    let worker: any BuildWorker
    let cache: StepCache
    let options: BuildOptions
    let context: BuildContext
    let file: ParsedDockerfile
    let globals: GlobalArguments
    let plan: BuildPlan
    let expander: VariableExpander
    let hasher = ContentHasher()
    let slots: WorkSlots
    let solver = Solver<Int, StageState>()
    /// Bases are asked for once, however many stages stand on them.
    let bases = Solver<String, BaseImage>()
    let emit: @Sendable (BuildEvent) -> Void
    let gate: OutputGate

    init(
        worker: any BuildWorker, cache: StepCache, options: BuildOptions, context: BuildContext, file: ParsedDockerfile,
        gate: OutputGate, emit: @escaping @Sendable (BuildEvent) -> Void
    ) throws {
        self.gate = gate
        self.worker = worker
        self.cache = cache
        self.options = options
        self.context = context
        self.file = file
        self.emit = emit
        expander = VariableExpander(escape: file.directives.escape)
        slots = WorkSlots(options.parallelSteps)
        globals = try GlobalArguments(file: file, options: options, expander: expander)
        plan = try BuildPlan(file: file, options: options, globals: globals, expander: expander)
    }

    /// The finished stage, made when nobody has asked for it yet; the stages it needs are made at the same time.
    func stage(_ index: Int) async throws -> StageState {
        try await solver.value(of: index) { [self] in
            guard let plan = plan.stages[index] else { throw GantryError.internal("stage \(index) is not part of the plan") }
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

    /// The root directory that `--from` means, and whether its owners mean something.
    func root(_ source: BuildPlan.Source, step: Int) async throws -> OwnedDescriptor {
        switch source {
        case .context: return context.root
        case .scratch: return try await worker.openReadOnly(chainID: nil)
        case .stage(let index): return try await worker.openReadOnly(chainID: try await stage(index).chainID)
        case .image(let name):
            let image = try await image(name, platform: options.platform ?? .host, step: step)
            return try await worker.openReadOnly(chainID: image.chainID)
        }
    }

    func cancel() async {
        await bases.cancel()
        await solver.cancel()
    }
}

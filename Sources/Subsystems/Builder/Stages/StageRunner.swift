internal import BuildGraph
internal import Dockerfile
internal import Essentials
internal import LinuxSystem
internal import OCI
internal import Synchronization

/// Makes one stage: its instructions one after the other.
struct StageRunner: Sendable {
    let session: BuildSession
    let plan: BuildPlan.StagePlan
    var state: StageState
    /// `--what-if`: a step before would be done again, so that what comes after it is not known.
    var isStale = false

    init(session: BuildSession, plan: BuildPlan.StagePlan) {
        self.session = session
        self.plan = plan
        state = StageState(scratch: plan.platform)
    }

    /// An instruction with its number.
    struct Step: Sendable {
        var instruction: Instruction
        var id: Int
        /// From 1 within the stage.
        var position: Int
        /// True for a trigger of the base image, which has the number of FROM.
        var isTrigger = false
        let startedAt = ContinuousClock.now

        var milliseconds: Int64 {
            let (seconds, attoseconds) = (ContinuousClock.now - startedAt).components
            return seconds * 1000 + attoseconds / 1_000_000_000_000_000
        }
    }

    mutating func run() async throws -> StageState {
        try await from()
        for (offset, instruction) in plan.stage.instructions.enumerated() {
            try await execute(Step(instruction: instruction, id: plan.firstStep + 1 + offset, position: offset + 1))
        }
        return state
    }

    private mutating func from() async throws {
        let step = Step(instruction: plan.stage.fromInstruction, id: plan.firstStep, position: 0)
        start(step)
        do {
            switch plan.base {
            case .scratch, .context: break
            case .stage(let index):
                state = try await session.stage(index)
                state.commandIsSet = false
            case .image, .local: try await findBase()
            case .named(let name): try await start(onContext: name, step)
            }
        } catch { throw fail(step, error) }
        session.emit(.stepFinished(id: step.id, milliseconds: step.milliseconds, image: state.intermediateID))
        try await triggers(step)
    }

    /// The base image, where the stage has one.
    mutating func findBase() async throws {
        switch plan.base {
        case .image(let name):
            let image = try await session.image(name, platform: plan.platform, step: plan.firstStep)
            state = StageState(base: image)
            noteBase(image, name)
        case .local(let id):
            let image = try await session.worker.localImage(id)
            state = StageState(base: image)
            noteBase(image, plan.stage.from.image)
        case .stage, .scratch, .context, .named: break
        }
    }

    /// A directory as the base: its files are the first layer.
    private mutating func start(onContext name: String, _ step: Step) async throws {
        let source = BuildPlan.Source.named(name)
        let root = try await session.root(source, platform: plan.platform, step: step.id)
        var work = CopyWork(keyword: "FROM", destination: "/")
        var scanner = SourceScanner(root: root)
        scanner.ignored = session.rules(source).ignored
        let hasher = session.hasher
        let (matches, ingredients) = try await BlockingWork.run { [scanner] in
            let matches = try scanner.matches("/")
            return (matches, try matches.flatMap { try hasher.ingredients($0, owners: false) })
        }
        work.sources = [(matches, 0)]
        let worker = session.worker
        _ = try await layer(step, [Ingredient(.instruction, "FROM", "context")] + ingredients, history: "FROM \(name)") {
            [work] workspace in
            let target = try await worker.openWritable(workspace)
            try await BlockingWork.cancellable { checkpoint in try work.perform(in: target, checkpoint: checkpoint) }
        }
    }

    /// What the checks want to know of a base image.
    private func noteBase(_ image: BaseImage, _ name: String) {
        let names = (image.config.config?.environment ?? []).map { String($0.prefix { $0 != "=" }) }
        session.baseVariables.withLock { $0[plan.stage.index] = Set(names) }
        let (found, wanted) = (image.config.platform, plan.platform)
        guard found.os != wanted.os || found.architecture != wanted.architecture else { return }
        let message =
            "Base image \(name) was pulled with platform \"\(GlobalArguments.text(found))\", expected \"\(GlobalArguments.text(wanted))\" for current build"
        let warning = DockerfileWarning(.invalidBaseImagePlatform, message, plan.stage.fromInstruction.range)
        session.warnings.withLock { if !$0.contains(warning) { $0.append(warning) } }
    }

    /// ONBUILD instructions of the base, an image or a stage, run right after FROM and are not handed on.
    private mutating func triggers(_ from: Step) async throws {
        switch plan.base {
        case .image, .local, .stage: break
        case .scratch, .context, .named: return
        }
        guard let texts = state.defaults.onBuild, !texts.isEmpty else { return }
        state.set { $0.onBuild = nil }
        for text in texts {
            let instruction: Instruction
            do {
                // The trigger as a Dockerfile of its own: FROM stands for the base.
                let parsed = try ParsedDockerfile("FROM scratch\n" + text + "\n")
                guard let first = parsed.stages.first?.instructions.first else { continue }
                instruction = first
            } catch { throw fail(from, GantryError.invalid("cannot read the base image's trigger `\(text)`", cause: error)) }
            var located = instruction
            located.range = from.instruction.range
            try await execute(Step(instruction: located, id: from.id, position: 0, isTrigger: true))
        }
    }

    private mutating func execute(_ step: Step) async throws {
        try Task.checkCancellation()
        if !step.isTrigger { start(step) }
        do {
            let outcome = try await perform(step)
            guard !step.isTrigger else { return }
            switch outcome {
            case .cached(let origin):
                session.emit(.stepCached(id: step.id, image: state.intermediateID, origin: origin))
            case .done: session.emit(.stepFinished(id: step.id, milliseconds: step.milliseconds, image: state.intermediateID))
            }
        } catch { throw fail(step, error) }
    }

    enum Outcome: Sendable {
        /// With where it came from, when it was made elsewhere.
        case cached(String?)
        case done
    }

    private mutating func perform(_ step: Step) async throws -> Outcome {
        switch step.instruction.body {
        case .run(let run): return try await self.run(run, step)
        case .copy(let copy): return try await self.copy(copy, step)
        case .add(let add): return try await self.add(add, step)
        case .workdir(let path): return try await workdir(path, step)
        default:
            try metadata(step.instruction)
            return .done
        }
    }

    private func start(_ step: Step) {
        let layered: Set<String> = ["FROM", "RUN", "COPY", "ADD", "WORKDIR"]
        session.emit(
            .stepStarted(
                BuildStepLabel(
                    id: step.id, name: step.instruction.text, keyword: step.instruction.keyword, stage: plan.stage.displayName,
                    index: step.id, total: session.total, isMetadata: !layered.contains(step.instruction.keyword))))
    }

    /// Says that a step failed and gives the error with its place.
    private func fail(_ step: Step, _ error: any Error) -> any Error {
        let located = BuildFailure.at(step.instruction, session.file, error)
        // With a broken source of results the build begins anew; that is no failure of this step.
        if let failure = located as? BuildFailure, session.exchange?.hasBroken != true {
            session.emit(.stepFailed(id: step.id, milliseconds: step.milliseconds, failure: failure))
        }
        return located
    }

    // MARK: For the single instructions

    func expand(_ text: String) throws(VariableExpander.Failure) -> String {
        try session.expander.word(text) { state.variables[$0] }
    }
    func expandWords(_ text: String) throws -> [String] { try session.expander.words(text) { state.variables[$0] } }

    /// `path` seen from the working directory, cleaned; a slash at the end stays.
    func absolute(_ path: String) -> String {
        let isDirectory = path.hasSuffix("/") || path == "." || path.hasSuffix("/.") || path.isEmpty
        let cleaned = CleanPath.clean(path.hasPrefix("/") ? path : "\(state.workingDirectory)/\(path)")
        return isDirectory && !cleaned.hasSuffix("/") ? cleaned + "/" : cleaned
    }
}

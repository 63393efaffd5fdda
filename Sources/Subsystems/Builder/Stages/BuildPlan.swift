internal import Dockerfile
internal import Essentials
internal import OCI

/// Which stages the target needs, what each stands on, and the number of each step.
struct BuildPlan: Sendable {
    /// Where files or a base come from.
    enum Source: Sendable, Hashable {
        case stage(Int)
        case image(String)
        case scratch
        case context
        /// Of the named contexts, a directory.
        case named(String)
        /// An image of the engine's by its id.
        case local(Digest)
    }

    struct StagePlan: Sendable {
        var stage: ParsedDockerfile.Stage
        var base: Source
        /// As FROM's `--platform` says, or the build's.
        var platform: Platform
        /// Number of FROM; the instructions follow it.
        var firstStep: Int
        /// Stages that it copies or mounts from, or stands on.
        var dependencies: Set<Int>
    }

    let target: Int
    /// By stage index; only the needed ones.
    let stages: [Int: StagePlan]
    /// Steps of all needed stages, FROM included.
    let total: Int

    init(file: ParsedDockerfile, options: BuildOptions, globals: GlobalArguments, expander: VariableExpander) throws {
        target = try Self.target(options.target, file)
        var plans: [Int: StagePlan] = [:]
        var open = [target]
        while let index = open.popLast() {
            guard plans[index] == nil else { continue }
            let plan = try Self.plan(file.stages[index], file, options, globals, expander)
            plans[index] = plan
            open += plan.dependencies
        }
        var next = 1
        for index in plans.keys.sorted() {
            plans[index]?.firstStep = next
            next += 1 + file.stages[index].instructions.count
        }
        stages = plans
        total = next - 1
    }

    private static func target(_ name: String, _ file: ParsedDockerfile) throws -> Int {
        if name.isEmpty { return file.stages.count - 1 }
        if let stage = file.stage(named: name, before: file.stages.count) { return stage.index }
        if let number = Int(name), file.stages.indices.contains(number) { return number }
        throw BuildFailure(.invalid("target stage \"\(name)\" could not be found"))
    }

    /// One stage with what it needs, its number of steps still to come.
    static func plan(
        _ stage: ParsedDockerfile.Stage, _ file: ParsedDockerfile, _ options: BuildOptions, _ globals: GlobalArguments,
        _ expander: VariableExpander
    ) throws -> StagePlan {
        let instruction = stage.fromInstruction
        let (base, platform) = try located(instruction, file) {
            let name = try expander.word(stage.from.image) { globals[$0] }
            guard !name.isEmpty else { throw GantryError.invalid("base name (\(stage.from.image)) should not be blank") }
            var platform = options.platform ?? Platform.host.normalized
            if let text = stage.from.platform {
                let value = try expander.word(text) { globals[$0] }
                if !value.isEmpty { platform = try Self.platform(value) }
            }
            if let given = try Self.named(name, options.contexts) { return (given, platform) }
            if name == "scratch" { return (Source.scratch, platform) }
            if let earlier = file.stage(named: name, before: stage.index) { return (.stage(earlier.index), platform) }
            return (.image(name), platform)
        }
        var dependencies: Set<Int> = []
        if case .stage(let index) = base { dependencies.insert(index) }
        for step in stage.instructions {
            let sources = try located(step, file) { try Self.sources(of: step, in: stage, file, options.contexts) }
            for case .stage(let index) in sources { dependencies.insert(index) }
        }
        return StagePlan(stage: stage, base: base, platform: platform, firstStep: 0, dependencies: dependencies)
    }

    private static func sources(
        of step: Instruction, in stage: ParsedDockerfile.Stage, _ file: ParsedDockerfile, _ contexts: [String: NamedContext]
    ) throws -> [Source] {
        switch step.body {
        case .copy(let copy): try copy.from.map { [try source($0, before: stage.index, file, contexts)] } ?? []
        case .run(let run): try run.mounts.compactMap { $0.from }.map { try source($0, before: stage.index, file, contexts) }
        default: []
        }
    }

    /// What a name means when a context was given under it; an image's name is known in its short and its full form.
    private static func named(_ name: String, _ contexts: [String: NamedContext]) throws -> Source? {
        guard !contexts.isEmpty else { return nil }
        var key = name.lowercased()
        if contexts[key] == nil, let full = (try? Reference(name))?.withDefaultTag.canonical {
            let same = contexts.keys.sorted().first { (try? Reference($0))?.withDefaultTag.canonical == full }
            guard let same else { return nil }
            key = same
        }
        switch contexts[key] {
        case nil: return nil
        case .directory?: return .named(key)
        case .image(let image)?: return (try? Digest(image)).map { .local($0) } ?? .image(image)
        }
    }

    /// What `--from` means to the stage numbered `index`.
    static func source(
        _ name: String, before index: Int, _ file: ParsedDockerfile, _ contexts: [String: NamedContext]
    ) throws -> Source {
        if name.contains("$") {
            throw GantryError.invalid(
                "variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround",
                hint: "add `ARG X` and `FROM \(name) AS files` above, then use `--from=files`")
        }
        if let number = Int(name) {
            guard number >= 0, number < file.stages.count else { throw GantryError.invalid("invalid stage index \(number)") }
            guard number < index else {
                throw GantryError.invalid("invalid stage index \(number): only earlier stages can be copied from")
            }
            return .stage(number)
        }
        if let given = try named(name, contexts) { return given }
        if name.lowercased() == "scratch" { return .scratch }
        if name.lowercased() == "context" { return .context }
        if let stage = file.stage(named: name, before: index) { return .stage(stage.index) }
        if name.lowercased() == file.stages[index].name {
            throw GantryError.invalid("circular dependency detected on stage: \(name)")
        }
        return .image(name)
    }

    /// `linux/amd64[/variant]`, or the architecture alone.
    static func platform(_ text: String) throws -> Platform {
        let parts = text.lowercased().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let aliases = ["x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "i386": "386", "armhf": "arm"]
        let wrong = GantryError.invalid(
            "\"\(text)\" is an invalid platform: expected `os/architecture` or `os/architecture/variant`")
        guard (1...3).contains(parts.count), parts.allSatisfy({ !$0.isEmpty }) else { throw wrong }
        if parts.count == 1 {
            if parts[0] == "local" { return Platform.host.normalized }
            if parts[0] == "linux" { return Platform.host.normalized }
            return Platform(os: "linux", architecture: aliases[parts[0]] ?? parts[0])
        }
        let architecture = aliases[parts[1]] ?? parts[1]
        return Platform(os: parts[0], architecture: architecture, variant: parts.count == 3 ? parts[2] : nil).normalized
    }
}

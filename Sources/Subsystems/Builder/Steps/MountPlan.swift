internal import BuildGraph
internal import Dockerfile
internal import Essentials
internal import LinuxSystem
internal import OCI

/// The mounts of one RUN: what they add to its key, and how they come into being while it runs.
struct MountPlan: Sendable {
    private struct Bind: Sendable {
        var source: BuildPlan.Source
        var path: String
        var target: String
        var readOnly: Bool
    }

    private let session: BuildSession
    private let platform: Platform
    private var binds: [Bind] = []
    private var fixed: [StepMount] = []
    /// Caches that start with files.
    private var seeded: [(cache: CacheMount, content: Bind)] = []
    private var own: [Ingredient] = []
    private var agentCount = 0
    /// Secrets that become variables, and where agents are.
    private(set) var environment: [String] = []
    /// What finds an agent: no secret.
    private(set) var agentVariable: String?
    /// Secrets that are variables only, as the files they would be.
    private(set) var variableFiles: [StepMount] = []

    init(_ mounts: [RunMount], _ session: BuildSession, _ runner: StageRunner) throws {
        self.session = session
        platform = runner.plan.platform
        for mount in mounts { try add(try Self.expanded(mount, runner), runner) }
    }

    private static func expanded(_ mount: RunMount, _ runner: StageRunner) throws -> RunMount {
        do throws(RunMount.ParseError) {
            return try RunMount(mount.text) { text throws(VariableExpander.Failure) in try runner.expand(text) }
        } catch { throw GantryError.invalid(error.message) }
    }

    private mutating func add(_ mount: RunMount, _ runner: StageRunner) throws {
        let text = mount.target ?? ""
        var target = runner.absolute(text)
        if target != "/", target.hasSuffix("/") { target.removeLast() }
        let path = mount.source ?? "/"
        switch mount.kind {
        case .bind:
            guard target != "/" else { throw GantryError.invalid("invalid mount target \"/\"") }
            let source = try mount.from.map { try session.source($0, before: runner.plan.stage.index) } ?? .context
            binds.append(Bind(source: source, path: path, target: target, readOnly: mount.isReadOnly ?? true))
            own.append(Ingredient(.mount, target, "bind \(path) \(mount.isReadOnly ?? true)"))
        case .cache: try addCache(mount, runner, target)
        case .tmpfs:
            fixed.append(.tmpfs(target: target, sizeBytes: mount.sizeBytes))
            own.append(Ingredient(.mount, target, "tmpfs \(mount.sizeBytes ?? 0)"))
        case .secret: try addSecret(mount, runner, text.isEmpty ? nil : target)
        case .ssh: try addAgent(mount, runner, text.isEmpty ? nil : target)
        }
    }

    private mutating func addCache(_ mount: RunMount, _ runner: StageRunner, _ target: String) throws {
        let id = mount.id ?? target
        // Keeps builds apart that would share a cache by its id alone; no part of the key. Source: Dockerfile reference,
        // BuildKit built-in build args.
        let namespace = session.globals.given["BUILDKIT_CACHE_MOUNT_NS"] ?? ""
        var cache = CacheMount(id: namespace.isEmpty ? id : "\(namespace)/\(id)", target: target)
        // A private cache would be a fresh copy for each concurrent step; used by one at a time it is the same.
        cache.isExclusive = mount.sharing == "locked" || mount.sharing == "private"
        cache.readOnly = mount.isReadOnly ?? false
        cache.mode = mount.mode ?? 0o755
        cache.userID = mount.userID ?? 0
        cache.groupID = mount.groupID ?? 0
        if mount.from != nil || mount.source != nil {
            let source = try mount.from.map { try session.source($0, before: runner.plan.stage.index) } ?? .context
            let path = mount.source ?? "/"
            seeded.append((cache, Bind(source: source, path: path, target: target, readOnly: true)))
        } else {
            fixed.append(.cache(cache))
        }
        own.append(Ingredient(.mount, target, "cache \(id == target ? "" : id) \(mount.sharing ?? "")"))
    }

    private mutating func addSecret(_ mount: RunMount, _ runner: StageRunner, _ target: String?) throws {
        let id = mount.id ?? CleanPath.name(target ?? "")
        own.append(Ingredient(.mount, "secret \(id)", target ?? ""))
        guard let content = session.options.secrets[id] else {
            if mount.isRequired { throw GantryError.notFound("secret \(id): not found") }
            return
        }
        if let name = mount.environmentName { environment.append("\(name)=\(String(decoding: content, as: UTF8.self))") }
        let file = StepMount.file(
            PrivateFile(
                content: content, target: target ?? "/run/secrets/\(id)", mode: mount.mode ?? 0o400, userID: mount.userID ?? 0,
                groupID: mount.groupID ?? 0))
        if mount.environmentName == nil || target != nil { fixed.append(file) } else { variableFiles.append(file) }
    }

    private mutating func addAgent(_ mount: RunMount, _ runner: StageRunner, _ target: String?) throws {
        let id = mount.id ?? "default"
        own.append(Ingredient(.mount, "ssh \(id)", target ?? ""))
        guard session.options.agents.contains(id) else {
            if mount.isRequired {
                throw GantryError.notFound("no SSH key \"\(id)\" forwarded from the client", hint: "build with `--ssh \(id)`")
            }
            return
        }
        let path = target ?? "/run/buildkit/ssh_agent.\(agentCount)"
        agentCount += 1
        if agentCount == 1 {
            agentVariable = "SSH_AUTH_SOCK=\(path)"
            environment.append("SSH_AUTH_SOCK=\(path)")
        }
        fixed.append(
            .agent(
                id: id, target: path, mode: mount.mode ?? 0o600, userID: mount.userID ?? 0, groupID: mount.groupID ?? 0))
    }

    /// For the key: what is mounted, and the content of what is bound.
    func ingredients(step: Int) async throws -> [Ingredient] {
        var result = own
        for bind in binds { result += try await content(bind, step) }
        return result
    }

    private func content(_ bind: Bind, _ step: Int) async throws -> [Ingredient] {
        let root = try await session.root(bind.source, platform: platform, step: step)
        let scanner = scanner(bind, root)
        let hasher = session.hasher
        let owners = !session.rules(bind.source).isFromClient
        let files = try await BlockingWork.run {
            try scanner.matches(escaped(bind.path)).flatMap { try hasher.ingredients($0, owners: owners) }
        }
        return files.map { Ingredient(.file, "\($0.name) in \(bind.target)", $0.value) }
    }

    /// As ``ingredients(step:)`` without reading what comes from other stages and images: their layers stand for it. Nil when nothing
    /// is mounted from such.
    func origins(step: Int) async throws -> [Ingredient]? {
        var result = own
        var isFound = false
        for bind in binds {
            if let chain = try await session.chain(bind.source, platform: platform, step: step) {
                isFound = true
                result.append(Ingredient(.parent, "\(bind.path) in \(bind.target)", chain))
            } else {
                result += try await content(bind, step)
            }
        }
        return isFound ? result : nil
    }

    private func scanner(_ bind: Bind, _ root: OwnedDescriptor) -> SourceScanner {
        var scanner = SourceScanner(root: root)
        scanner.ignored = session.rules(bind.source).ignored
        return scanner
    }

    /// A path as a pattern that matches only itself.
    private func escaped(_ path: String) -> String {
        String(path.flatMap { "*?[\\".contains($0) ? ["\\", $0] : [$0] })
    }

    /// Runs `body` with all mounts, and takes away afterwards what was made for them.
    func withMounts(step: Int, _ body: ([StepMount]) async throws -> Void) async throws {
        var mounts = fixed
        var temporary: [StepWorkspace] = []
        do {
            for bind in binds { mounts.append(try await prepare(bind, step, &temporary)) }
            for (cache, content) in seeded {
                var cache = cache
                if case .bind(let source, _, _) = try await prepare(content, step, &temporary) { cache.seed = source }
                mounts.append(.cache(cache))
            }
            try await body(mounts)
        } catch {
            for workspace in temporary { await session.worker.discard(workspace) }
            throw error
        }
        for workspace in temporary { await session.worker.discard(workspace) }
    }

    /// A read-only bind of the whole context shows it as it is; anything else is a throw-away copy of what is bound.
    private func prepare(_ bind: Bind, _ step: Int, _ temporary: inout [StepWorkspace]) async throws -> StepMount {
        // A shell after the build no longer has the context.
        let isLent = session.context.ignored.isEmpty && !session.context.isForeign && !session.options.keepsFailedStep
        if bind.source == .context, bind.readOnly, isLent {
            return .bind(source: .context(bind.path), target: bind.target, readOnly: true)
        }
        let scanner = scanner(bind, try await session.root(bind.source, platform: platform, step: step))
        let workspace = try await session.worker.beginStep(parent: nil)
        temporary.append(workspace)
        let target = try await session.worker.openWritable(workspace)
        let keepsOwners = !session.rules(bind.source).isFromClient
        try await BlockingWork.cancellable { checkpoint in
            let options = TreeCopier.Options(keepsOwners: keepsOwners)
            let copier = TreeCopier(tree: WorkTree(target), options: options, checkpoint: checkpoint)
            for match in try scanner.matches(escaped(bind.path)) { try copier.copy(match, to: "/source") }
        }
        return .bind(source: .workspace(workspace, "/source"), target: bind.target, readOnly: bind.readOnly)
    }
}

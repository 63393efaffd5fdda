import Builder
import CLinux
import ContainerRuntime
import Essentials
import Images
import LinuxSystem

/// The mounts of one RUN as paths of the host, and what must be given back after it.
struct StepMounts: Sendable {
    private(set) var binds: [SandboxOptions.Bind] = []
    private(set) var temporaries: [SandboxOptions.Temporary] = []
    /// Files made for this step.
    let directory: String
    private var lockedKeys: [String] = []
    private var usedKeys: [String] = []
    private let locks: BuildLocks
    private var relays: [AgentRelay] = []

    init(_ worker: EngineBuildWorker, _ request: RunRequest, _ workspace: StepWorkspace) async throws {
        locks = worker.mounts.locks
        directory = "\(worker.directory.filesPath)/\(workspace.id)"
        try FileSystem.makeDirectories(directory, mode: 0o711)
        do {
            for (number, mount) in request.mounts.enumerated() { try await add(mount, number, worker) }
        } catch {
            await release()
            throw error
        }
    }

    /// Gives locked caches back and removes the files.
    func release() async {
        for key in usedKeys { await locks.leave(key) }
        for key in lockedKeys { await locks.unlock(key) }
        for relay in relays { relay.stop() }
        // What cannot be removed goes with the build's directory.
        try? FileSystem.removeTree(directory)
    }

    private mutating func add(_ mount: StepMount, _ number: Int, _ worker: EngineBuildWorker) async throws {
        switch mount {
        case .bind(let source, let target, let readOnly):
            binds.append(SandboxOptions.Bind(source: try path(source, worker), destination: target, readOnly: readOnly))
        case .tmpfs(let target, let size):
            temporaries.append(
                SandboxOptions.Temporary(destination: target, options: size.map { ["size=\($0)", "exec"] } ?? ["exec"]))
        case .file(let file):
            let path = "\(directory)/\(number)"
            try file.write(to: path)
            binds.append(SandboxOptions.Bind(source: path, destination: file.target, readOnly: true))
        case .agent(let id, let target, let mode, let user, let group):
            guard let agent = worker.agents[id] else { throw GantryError.notFound("no ssh agent `\(id)` was given to the build") }
            let path = "\(directory)/\(number)"
            relays.append(try AgentRelay(path: path, agent: agent, mode: mode, userID: user, groupID: group))
            binds.append(SandboxOptions.Bind(source: path, destination: target, readOnly: true))
        case .cache(let cache): try await add(cache, worker)
        }
    }

    private mutating func add(_ cache: CacheMount, _ worker: EngineBuildWorker) async throws {
        let path = worker.mounts.path(cache.id)
        // A cache is filled by one step while the others wait, also one that is shared afterwards.
        await locks.lock(path)
        do {
            if !FileSystem.exists(path) { try await fill(path, cache, worker) }
            try worker.mounts.note(cache.id)
        } catch {
            await locks.unlock(path)
            throw error
        }
        binds.append(SandboxOptions.Bind(source: path, destination: cache.target, readOnly: cache.readOnly))
        await locks.enter(path)
        usedKeys.append(path)
        if cache.isExclusive { lockedKeys.append(path) } else { await locks.unlock(path) }
    }

    /// A new cache appears under its name when it is complete.
    private func fill(_ path: String, _ cache: CacheMount, _ worker: EngineBuildWorker) async throws {
        let fresh = "\(path).new-\(Identifier.randomHex(bytes: 4))"
        try FileSystem.makeDirectories(fresh, mode: 0o755)
        if let seed = cache.seed {
            let source = try OwnedDescriptor.open(try self.path(seed, worker), O_RDONLY | O_DIRECTORY)
            let target = try OwnedDescriptor.open(fresh, O_RDONLY | O_DIRECTORY)
            try await BlockingWork.run { try SquashedTree(from: source, to: target).write() }
        }
        try LinuxSystem.check("chown", fresh) { chown(fresh, cache.userID, cache.groupID) }
        try LinuxSystem.check("chmod", fresh) { chmod(fresh, cache.mode) }
        try LinuxSystem.check("rename", path) { rename(fresh, path) }
    }

    /// The host's path of a source, found without leaving the context or workspace.
    private func path(_ source: BindSource, _ worker: EngineBuildWorker) throws -> String {
        let root: OwnedDescriptor
        let inside: String
        switch source {
        case .context(let path):
            root = try OwnedDescriptor.open(worker.directory.contextPath, O_PATH | O_DIRECTORY)
            inside = path
        case .workspace(let workspace, let path):
            root = try OwnedDescriptor.open(try worker.snapshot(workspace).upper, O_PATH | O_DIRECTORY)
            inside = path
        }
        let found: OwnedDescriptor
        do throws(SystemError) { found = try root.openInRoot(inside, O_PATH) } catch {
            throw GantryError.notFound("failed to compute cache key: \"\(inside)\": not found", cause: error)
        }
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = try LinuxSystem.check("readlink") { readlink(found.procPath, &buffer, buffer.count) }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension PrivateFile {
    /// Writes it to a path of the host, seen by nobody else before it has its owner and mode.
    func write(to path: String) throws {
        try FileSystem.replace(path, with: content, mode: 0o600)
        try LinuxSystem.check("chown", path) { chown(path, userID, groupID) }
        try LinuxSystem.check("chmod", path) { chmod(path, mode) }
    }
}

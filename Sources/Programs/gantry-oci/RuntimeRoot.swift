import ArgumentParser
import CLinux
import ContainerRuntime
import Essentials
import FoundationEssentials
import LinuxSystem
import Logging
import OCI

/// What is kept of a container beside the shim's own state.
struct StoredContainer: Codable {
    var id: String
    var bundle: String
    var processID: Int32
    /// When the process started, in the kernel's ticks: with the number it names the process for good.
    var processStart: String
    var created: String
    /// As it was at the time: the bundle may have changed since.
    var specification: RuntimeSpecification

    var state: HookState { HookState(specification: specification, id: id, bundle: bundle) }

    func has(_ kind: RuntimeSpecification.Namespace.Kind) -> Bool {
        (specification.linux?.namespaces ?? []).contains { $0.type == kind }
    }
}

/// The directory of `--root`: the shims' state in `shims`, and one JSON file for each container in `containers`.
struct RuntimeRoot {
    let path: String
    let runtime: ShimRuntime
    /// Tells the caller what went wrong without having stopped anything.
    private let warn: @Sendable (String) -> Void

    init(_ options: GlobalOptions) throws {
        path = options.directory
        warn = { options.note($0, level: "warning") }
        try FileSystem.makeDirectories("\(path)/containers", mode: 0o700)
        runtime = try ShimRuntime(
            shimPath: Self.shimPath(), stateDirectory: "\(path)/shims",
            cgroupDriver: options.systemdCgroup ? .systemd : .cgroupfs,
            logger: Logger(label: "gantry-oci") { _ in SwiftLogNoOpLogHandler() })
    }

    private static func shimPath() -> String {
        if let path = getenv("GANTRY_SHIM") { return String(cString: path) }
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let program = String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let directory = program.split(separator: "/").dropLast().joined(separator: "/")
        return "/\(directory)/gantry-shim"
    }

    private func file(_ id: String) throws -> String {
        guard !id.isEmpty, !id.contains("/"), !id.hasPrefix(".") else { throw GantryError.invalid("invalid container id `\(id)`") }
        return "\(path)/containers/\(id).json"
    }

    // MARK: Records

    func exists(_ id: String) throws -> Bool { FileSystem.exists(try file(id)) }

    func save(_ container: StoredContainer) throws {
        try FileSystem.replace(try file(container.id), with: Array(try JSONEncoder().encode(container)), mode: 0o600)
    }

    func load(_ id: String) throws -> StoredContainer {
        guard try exists(id) else { throw GantryError.notFound("container \"\(id)\" does not exist") }
        return try RuntimeSpecification.decode(StoredContainer.self, try FileSystem.read(try file(id)), name: try file(id))
    }

    /// A record that cannot be read is told and left out.
    func all() throws -> [StoredContainer] {
        try FileSystem.list("\(path)/containers").filter { $0.hasSuffix(".json") }.sorted().compactMap { name in
            do { return try load(String(name.dropLast(5))) } catch {
                warn("\(error)")
                return nil
            }
        }
    }

    func remove(_ id: String) throws {
        try runtime.forget(container: id)
        try FileSystem.remove(try file(id))
    }

    /// Keeps others from creating a container of this name while `body` does. The kernel lets go when this process dies.
    /// - Throws: `conflict` when another is at it.
    func reserving<Value>(_ id: String, _ body: () async throws -> Value) async throws -> Value {
        let path = try file(id) + ".lock"
        let lock = try OwnedDescriptor.open(path, O_RDWR | O_CREAT, mode: 0o600)
        guard flock(lock.raw, LOCK_EX | LOCK_NB) == 0 else {
            throw GantryError.conflict("container \"\(id)\" is being created", cause: SystemError.last("flock", path))
        }
        defer { unlink(path) }
        guard try !exists(id) else { throw GantryError.conflict("container with given ID already exists") }
        return try await body()
    }

    // MARK: Life

    /// Lets the program run by `release`; the hooks that follow a start run then. When one fails the container ends with it.
    func start(_ container: StoredContainer, _ release: () async throws -> Void) async throws {
        try await release()
        do {
            try await HookRunner(state: container.state)
                .run(
                    container.specification.hooks?.poststart, point: "poststart", status: "running", processID: container.processID)
        } catch {
            try await delete(container)
            throw error
        }
    }

    /// Ends what is left of a container and removes it; the hooks that follow run then, and their failures are told only.
    func delete(_ container: StoredContainer) async throws {
        try await end(container)
        try remove(container.id)
        for hook in container.specification.hooks?.poststop ?? [] {
            do {
                try await HookRunner(state: container.state).run([hook], point: "poststop", status: "stopped", processID: 0)
            } catch { warn("\(error)") }
        }
    }

    /// Kills the first process, and waits until it is dead: without control groups nothing else would end it.
    private func end(_ container: StoredContainer) async throws {
        guard status(container) != "stopped" else { return }
        let process: OwnedDescriptor
        // It may end by itself between two looks.
        do { process = try handle(container) } catch { if status(container) == "stopped" { return } else { throw error } }
        let minded = try await runtime.reconnect(container: container.id)
        if runtime.cgroups.isFrozen(container.id) { try await runtime.cgroups.thaw(container.id) }
        if gantry_pidfd_send_signal(process.raw, SIGKILL) != 0, gantry_errno() != ESRCH {
            throw SystemError.last("kill", container.id)
        }
        try await DescriptorPoller.shared.waitReadable(process)
        // A shim that still minds it has its last words to write.
        if case .running(let shim) = minded { _ = await shim.waitForExit() }
    }

    /// The first process, held fast: its number cannot have become another's.
    /// - Throws: `conflict` when it has ended.
    func handle(_ container: StoredContainer) throws -> OwnedDescriptor {
        guard status(container) != "stopped" else { throw GantryError.conflict("container not running") }
        let process = OwnedDescriptor(try check("pidfd_open") { gantry_pidfd_open(container.processID, 0) })
        guard status(container) != "stopped" else { throw GantryError.conflict("container not running") }
        return process
    }

    /// Field 22 of /proc/pid/stat; empty when there is no such process or it is a zombie.
    static func start(of process: Int32) -> String {
        guard let text = try? FileSystem.readText("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else { return "" }
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 19 && fields[0] != "Z" && fields[0] != "X" ? String(fields[19]) : ""
    }

    /// `created`, `running`, `paused` or `stopped`.
    func status(_ container: StoredContainer) -> String {
        guard !container.processStart.isEmpty, Self.start(of: container.processID) == container.processStart else {
            return "stopped"
        }
        if runtime.cgroups.isFrozen(container.id) { return "paused" }
        // A held process is still our shim's program; after execve it is its own.
        let program = (try? FileSystem.readText("/proc/\(container.processID)/cmdline")) ?? ""
        return program.hasPrefix("gantry-shim\u{0}") ? "created" : "running"
    }
}

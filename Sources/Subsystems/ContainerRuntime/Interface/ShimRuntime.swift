internal import CLinux
internal import Essentials
internal import LinuxSystem
package import Logging
internal import OCI
internal import ShimProtocol

/// Runs containers, each minded by a `gantry-shim` process that outlives this one.
///
/// State is one directory per container below `stateDirectory`, with one per exec below it; nothing is held in memory that a new
/// daemon could not find again.
package final class ShimRuntime: Sendable {
    package let cgroups: CgroupHost
    private let launcher: ShimLauncher
    private let stateDirectory: String
    private let logger: Logger

    /// - Throws: ``SystemError`` when the shim's program cannot be read, `unsupported` on a host without control groups or without
    ///   the driver asked for.
    package init(shimPath: String, stateDirectory: String, cgroupDriver: CgroupDriver = .cgroupfs, logger: Logger) throws {
        launcher = try ShimLauncher(path: shimPath)
        cgroups = try CgroupHost(driver: cgroupDriver)
        self.stateDirectory = stateDirectory
        self.logger = logger
        try FileSystem.makeDirectories(stateDirectory, mode: 0o700)
        for id in try FileSystem.list(stateDirectory) {
            if let path = ShimState("\(stateDirectory)/\(id)").cgroupPath() { cgroups.register(id, path: path) }
        }
    }

    /// Only letters, digits and `_.-`, not starting with a dot: it names a directory.
    private static func check(id: String) throws(GantryError) {
        let allowed = id.utf8.allSatisfy {
            $0 | 32 >= 97 && $0 | 32 <= 122 || $0 >= 48 && $0 <= 57 || $0 == 95 || $0 == 46 || $0 == 45
        }
        guard !id.isEmpty, id.utf8.count <= 128, !id.hasPrefix("."), allowed else { throw .invalid("invalid container id `\(id)`") }
    }

    private func directory(_ id: String) -> String { "\(stateDirectory)/\(id)" }

    // MARK: Starting

    /// Starts a container. Returns once its program runs, or with `hold` once it waits to be released.
    /// - Throws: ``ProcessStartError`` when the program cannot be run, `conflict` when the container runs already, `invalid` and
    ///   `unsupported` for what cannot be done; nothing is left behind then.
    package func start(_ request: ContainerStart) async throws -> ShimProcess {
        try Self.check(id: request.id)
        let directory = directory(request.id)
        if FileSystem.exists(directory) {
            if (try? ShimConnection(stateDirectory: directory)) != nil {
                throw GantryError.conflict("container \(request.id) is running")
            }
            try forget(container: request.id)
        }
        let path = try cgroups.path(request.specification.linux?.cgroupsPath, id: request.id)
        do {
            try FileSystem.makeDirectories("\(directory)/root", mode: 0o700)
            try FileSystem.replace("\(directory)/cgroup", with: path, mode: 0o600)
            cgroups.register(request.id, path: path)
            try cgroups.create(request.id, resources: request.specification.linux?.resources)
            let plan = try ContainerPlanner(
                request: request, stateDirectory: directory, cgroups: cgroups.layout, cgroupPath: path,
                outOfMemoryFile: cgroups.outOfMemoryFile(request.id)
            ).plan()
            let process = try await launch(plan, directory, title: request.id, removesState: false)
            cgroups.isInhabited(request.id)
            return process
        } catch {
            undo { try forget(container: request.id) }
            throw error
        }
    }

    /// Starts a further process in a running container. As ``start(_:)`` otherwise.
    package func exec(_ request: ExecStart) async throws -> ShimProcess {
        try Self.check(id: request.id)
        try Self.check(id: request.execID)
        let directory = "\(directory(request.id))/exec-\(request.execID)"
        do {
            try FileSystem.makeDirectories(directory, mode: 0o700)
            let container = OwnedDescriptor(
                try LinuxSystem.check("pidfd_open", "\(request.initProcessID)") { gantry_pidfd_open(request.initProcessID, 0) })
            let groups = cgroups.directories(request.id)
            let plan = try ExecPlanner(
                request: request, stateDirectory: directory, container: container,
                cgroupDirectory: cgroups.layout.isUnified ? groups[0] : "",
                cgroupFiles: cgroups.layout.isUnified ? [] : groups.map { "\($0)/cgroup.procs" }
            ).plan()
            return try await launch(
                plan, directory, title: "\(request.id)/\(request.execID)", removesState: request.inherited == nil)
        } catch {
            undo { try FileSystem.removeTree(directory) }
            throw error
        }
    }

    private func launch(_ plan: Plan, _ directory: String, title: String, removesState: Bool) async throws -> ShimProcess {
        let report = try await launcher.launch(plan, title: title)
        guard report.outcome == .started || report.outcome == .held else { throw PlanFailure.error(report, plan: plan) }
        return try ShimProcess(
            processID: report.processID, stateDirectory: directory, plan: plan.withoutDescriptors, removesState: removesState)
    }

    /// Cleaning up after a failure must not hide the failure.
    private func undo(_ body: () throws -> Void) {
        do { try body() } catch { logger.warning("leftovers of a failed start remain", metadata: ["error": "\(error)"]) }
    }

    // MARK: Finding again

    /// Finds a container that an earlier daemon started.
    package func reconnect(container id: String) async throws -> ReconnectedProcess {
        try Self.check(id: id)
        return try reconnect(directory(id))
    }

    /// Finds an exec that an earlier daemon started.
    package func reconnect(exec execID: String, of id: String) async throws -> ReconnectedProcess {
        try Self.check(id: id)
        try Self.check(id: execID)
        return try reconnect("\(directory(id))/exec-\(execID)")
    }

    private func reconnect(_ directory: String) throws -> ReconnectedProcess {
        let state = ShimState(directory)
        if (try? ShimConnection(stateDirectory: directory)) != nil, let processID = state.processID() {
            return .running(try ShimProcess(processID: processID, stateDirectory: directory, plan: nil, removesState: false))
        }
        return state.exitRecord().map { .exited($0) } ?? .lost
    }

    /// The containers that have a state directory, whether they run or not.
    package func knownContainers() throws -> [String] { try FileSystem.list(stateDirectory).sorted() }

    // MARK: Forgetting

    /// Ends what is left in the container's control groups, and removes them and the state directory. Blocks for a moment.
    package func forget(container id: String) throws {
        try Self.check(id: id)
        try cgroups.killAll(id)
        try cgroups.remove(id)
        try FileSystem.removeTree(directory(id))
    }

    /// Removes the state of an exec that has ended.
    package func forget(exec execID: String, of id: String) throws {
        try Self.check(id: id)
        try Self.check(id: execID)
        try FileSystem.removeTree("\(directory(id))/exec-\(execID)")
    }
}

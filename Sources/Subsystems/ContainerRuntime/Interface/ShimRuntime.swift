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
    let logger: Logger

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

    func directory(_ id: String) -> String { "\(stateDirectory)/\(id)" }

    /// The shim's program: under the name `docker-init` it is the init of a container.
    package func shimProgram() throws -> [UInt8] { try launcher.content() }

    // MARK: Starting

    /// Starts a container. Returns once its program runs, or with `hold` once it waits to be released.
    /// - Throws: ``ProcessStartError`` when the program cannot be run, `conflict` when the container runs already, `invalid` and
    ///   `unsupported` for what cannot be done; nothing is left behind then.
    package func start(_ request: ContainerStart) async throws -> ShimProcess {
        try Self.check(id: request.id)
        let directory = directory(request.id)
        if !request.isPrepared { try forgetLeftovers(container: request.id) }
        try SpecificationCheck.check(request.specification, hasNetwork: request.networkNamespace != nil)
        let path = try cgroups.path(request.specification.linux?.cgroupsPath, id: request.id)
        do {
            if let other = request.runtime { return try await start(request, with: other, directory, cgroupPath: path) }
            if !request.isPrepared { try makeState(request.id, cgroupPath: path) }
            let hasGroups = try makeGroups(request)
            let outOfMemoryFile = hasGroups ? cgroups.outOfMemoryFile(request.id) : nil
            let plan =
                if let restore = request.restore {
                    try await plan(restore, request, cgroupPath: path, outOfMemoryFile: outOfMemoryFile)
                } else {
                    try ContainerPlanner(
                        request: request, stateDirectory: directory,
                        cgroups: hasGroups ? cgroups.layout : CgroupLayout(mountInfo: ""), cgroupPath: path,
                        outOfMemoryFile: outOfMemoryFile
                    ).plan()
                }
            if request.inherited != nil { try ShimState(directory).save(plan) }
            let process = try await launch(plan, directory, title: request.id, removesState: false)
            if hasGroups { cgroups.isInhabited(request.id) }
            return process
        } catch {
            undo { try forget(container: request.id) }
            throw error
        }
    }

    /// Does ahead what a start does first, while other things are prepared: a start with ``ContainerStart/isPrepared`` goes on from
    /// there, and ``forgetLeftovers(container:)`` takes it back.
    package func prepare(container id: String, cgroupsPath: String?) throws {
        try Self.check(id: id)
        try forgetLeftovers(container: id)
        do {
            try makeState(id, cgroupPath: try cgroups.path(cgroupsPath, id: id))
            if cgroups.driver == .cgroupfs { try cgroups.makeDirectories(id) }
        } catch {
            undo { try forget(container: id) }
            throw error
        }
    }

    /// As ``forget(container:)``, for a container that must not run.
    /// - Throws: `conflict` when it runs.
    package func forgetLeftovers(container id: String) throws {
        guard FileSystem.exists(directory(id)) else { return }
        if (try? ShimConnection(stateDirectory: directory(id))) != nil { throw GantryError.conflict("container \(id) is running") }
        try forget(container: id)
    }

    private func makeState(_ id: String, cgroupPath: String) throws {
        try FileSystem.makeDirectories("\(directory(id))/root", mode: 0o700)
        try FileSystem.replace("\(directory(id))/cgroup", with: cgroupPath, mode: 0o600)
        cgroups.register(id, path: cgroupPath)
    }

    /// - Returns: false when this process may not make control groups; then the container has none of its own, unless it asks for
    ///   limits.
    private func makeGroups(_ request: ContainerStart) throws -> Bool {
        let resources = request.specification.linux?.resources
        do {
            try cgroups.create(request.id, resources: resources)
            return true
        } catch let error as SystemError where geteuid() != 0 && (error.errno == EACCES || error.errno == EPERM) {
            var limits = resources ?? RuntimeSpecification.Resources()
            // Without rights on the host no device can be made anyway.
            limits.devices = nil
            guard limits == RuntimeSpecification.Resources() else {
                throw GantryError.denied(
                    "`linux.resources` cannot be set: no control group is delegated to this user", cause: error)
            }
            return false
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
            try requireProcess(request.initProcessID, in: request.id)
            if let other = OtherRuntime.of(stateDirectory: self.directory(request.id)) {
                let planner = OtherRuntimePlanner(runtime: other, stateDirectory: self.directory(request.id))
                return try await launch(
                    try planner.plan(request, directory: directory), directory, title: "\(request.id)/\(request.execID)",
                    removesState: true)
            }
            let groups = try execGroups(request)
            let request = try withOwnScore(request)
            let plan = try ExecPlanner(
                request: request, stateDirectory: directory, container: container,
                cgroupDirectory: cgroups.layout.isUnified ? groups.first ?? "" : "",
                cgroupFiles: cgroups.layout.isUnified ? [] : groups.map(CgroupHost.entrance)
            ).plan()
            return try await launch(
                plan, directory, title: "\(request.id)/\(request.execID)", removesState: request.inherited == nil)
        } catch {
            undo { try FileSystem.removeTree(directory) }
            throw error
        }
    }

    /// Without rights on the host, a process that is to be hidden from the container's cannot set its own OOM score: it inherits
    /// this one's, which is set first.
    private func withOwnScore(_ request: ExecStart) throws -> ExecStart {
        guard geteuid() != 0, let score = request.process.oomScoreAdj else { return request }
        let path = "/proc/self/oom_score_adj"
        if try FileSystem.readText(path, limit: 16).filter({ !$0.isWhitespace }) != "\(score)" {
            do { try FileSystem.writeControl(path, "\(score)") } catch {
                throw GantryError.denied("`process.oomScoreAdj` cannot be set to \(score)", cause: error)
            }
        }
        var request = request
        request.process.oomScoreAdj = nil
        return request
    }

    /// The container's groups or ones below them; none when it has none, as of a user without control groups.
    private func execGroups(_ request: ExecStart) throws -> [String] {
        var groups = cgroups.directories(request.id)
        if geteuid() != 0 { groups = groups.filter { access(CgroupHost.entrance($0), W_OK) == 0 } }
        guard !request.subgroup.isEmpty else { return groups }
        let parts = request.subgroup.split(separator: "/")
        guard !parts.contains("..") else { throw GantryError.invalid("invalid control group `\(request.subgroup)`") }
        groups = groups.map { ([$0] + parts.map(String.init)).joined(separator: "/") }
        for group in groups where !FileSystem.exists(group) {
            throw GantryError.notFound("the container has no control group `\(request.subgroup)`")
        }
        return groups
    }

    func launch(_ plan: Plan, _ directory: String, title: String, removesState: Bool) async throws -> ShimProcess {
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
            return .running(
                try ShimProcess(processID: processID, stateDirectory: directory, plan: state.plan(), removesState: false))
        }
        return state.exitRecord().map { .exited($0) } ?? .lost
    }

    /// The containers that have a state directory, whether they run or not.
    package func knownContainers() throws -> [String] { try FileSystem.list(stateDirectory).sorted() }

    // MARK: Forgetting

    /// Ends what is left in the container's control groups, and removes them and the state directory. Blocks for a moment.
    package func forget(container id: String) throws {
        try Self.check(id: id)
        if let other = OtherRuntime.of(stateDirectory: directory(id)) { try deleteWithOther(other, id) }
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

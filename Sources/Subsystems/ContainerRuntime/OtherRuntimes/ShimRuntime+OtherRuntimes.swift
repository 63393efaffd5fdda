internal import CLinux
internal import Essentials
internal import LinuxSystem
internal import Logging
internal import OCI

/// Containers that another runtime makes, and whose later commands are its own.
extension ShimRuntime {
    /// As ``start(_:)``, which has made the state directory and cleans up.
    func start(
        _ request: ContainerStart, with runtime: OtherRuntime, _ directory: String, cgroupPath: String
    ) async throws -> ShimProcess {
        let runtime = try runtime.located(driver: cgroups.driver)
        // What lies beside the places is for this user alone.
        let mode = request.userNamespace == nil ? 0o700 : OwnPlaces.mode
        try FileSystem.makeDirectories("\(directory)/root", mode: mode)
        try FileSystem.replace("\(directory)/cgroup", with: cgroupPath, mode: 0o600)
        cgroups.register(request.id, path: cgroupPath)
        try runtime.save(in: directory)
        let plan = try OtherRuntimePlanner(runtime: runtime, stateDirectory: directory)
            .plan(request, cgroupPath: cgroupPath, outOfMemoryFile: cgroups.outOfMemoryFile(request.id))
        return try await launch(plan, directory, title: request.id, removesState: false)
    }

    /// Stops all processes of the container where they are.
    package func pause(_ id: String) async throws {
        guard let runtime = OtherRuntime.of(stateDirectory: directory(id)) else { return try await cgroups.freeze(id) }
        try await Self.run("pause", of: runtime, stateDirectory: directory(id), id: id)
    }

    /// Lets them go on.
    package func resume(_ id: String) async throws {
        guard let runtime = OtherRuntime.of(stateDirectory: directory(id)) else { return try await cgroups.thaw(id) }
        do { try await Self.run("resume", of: runtime, stateDirectory: directory(id), id: id) } catch {
            // A runtime may let a container go on to end it.
            if cgroups.isFrozen(id) { throw error }
        }
    }

    /// - Throws: `unavailable` with what the runtime said.
    static func run(
        _ command: String, _ arguments: [String] = [], of runtime: OtherRuntime, stateDirectory: String, id: String
    ) async throws {
        let log = "\(stateDirectory)/command.log"
        // What an earlier command said is not this one's.
        if FileSystem.exists(log) { try FileSystem.remove(log) }
        let words = runtime.command(stateDirectory: stateDirectory, log: log) + [command, id] + arguments
        let outcome = try await ProgramRun.run(words, environment: HostProgram.environment, timeout: .seconds(60))
        guard outcome.code != 0 else { return }
        let said = OtherRuntimeFailure.lastError(inLog: log) ?? outcome.output
        throw GantryError.unavailable("the runtime `\(runtime.name)` cannot \(command) the container: \(said)")
    }

    /// Has the runtime take down what it made for a container. Blocks.
    func deleteWithOther(_ runtime: OtherRuntime, _ id: String) throws {
        let directory = directory(id)
        let words = runtime.command(stateDirectory: directory, log: "\(directory)/command.log") + ["delete", "--force", id]
        let outcome = try ProgramRun.runBlocking(words, environment: HostProgram.environment, timeout: .seconds(30))
        // What it has not made it cannot delete; what it leaves is taken down next.
        if outcome.code != 0 {
            logger.debug("another runtime's delete failed", metadata: ["container": "\(id)", "output": "\(outcome.output)"])
        }
    }
}

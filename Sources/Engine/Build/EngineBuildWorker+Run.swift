import Builder
import CLinux
import ContainerRuntime
import Essentials
import Images
import LinuxSystem
import Logging
import OCI

extension EngineBuildWorker {
    func run(
        _ request: RunRequest, in workspace: StepWorkspace, output: @escaping @Sendable (BuildOutputStream, [UInt8]) async -> Void
    ) async throws -> Int32 {
        try await BlockingWork.run { try Emulation.check(request.platform) }
        let snapshot = try snapshot(workspace)
        let remapped = try await RemappedRun.make(for: request, context: context)
        let mounts = try await StepMounts(self, request, workspace)
        // Made while the network is.
        async let root = StepRoot.make(snapshot, request, mounts, remapped?.ids, context)
        async let groups: Void = prepare(workspace.id, request)
        let network: StepNetwork
        do {
            network = try await StepNetwork.attach(
                request, id: workspace.id, namespace: remapped?.network, context: context)
        } catch {
            await mounts.release()
            // Waited for, so that it can be taken back; what is wrong with it is not what went wrong.
            _ = try? await groups
            _ = try? await root
            forgetLeftovers(workspace.id)
            throw error
        }
        let result: Result<Int32, any Error>
        do {
            try await groups
            let root = try await root
            let code = try await execute(root, workspace.id, mounts, network, remapped?.ids, output)
            try await BlockingWork.run { try root.stubs.remove(fromUpper: snapshot.upper) }
            result = .success(code)
        } catch {
            forgetLeftovers(workspace.id)
            result = .failure(error)
        }
        // Not waited for: the kernel takes its time, and nobody else knows the step's network. Ends with the daemon at the latest.
        Task { [network, context] in await network.detach(id: workspace.id, context: context) }
        await mounts.release()
        return try result.get()
    }

    /// The process from start to end.
    private func execute(
        _ root: StepRoot, _ id: String, _ mounts: StepMounts, _ network: StepNetwork, _ ids: MappedIDs?,
        _ output: @escaping @Sendable (BuildOutputStream, [UInt8]) async -> Void
    ) async throws -> Int32 {
        let request = root.request
        var binds = mounts.binds
        binds = try network.files(request, directory: mounts.directory, context: context) + binds
        var options = try options(request, id, binds, mounts, network)
        options.hasUserNamespace = ids != nil
        options.appArmorProfile = try await AppArmorChoice.profile(asked: nil, privileged: request.isInsecure)
        var start = ContainerStart(
            id: id, specification: try DefaultSpecification.make(options), root: .tree(root.tree),
            networkNamespace: network.namespace, hold: true)
        start.isPrepared = true
        if let ids {
            start.userNamespace = ids.namespace
            start.trees = try RemappedRun.trees(of: binds, ids)
        }
        let process: ShimProcess
        do { process = try await context.runtime.start(start) } catch let error as ProcessStartError {
            throw GantryError.invalid(error.message)
        }
        do {
            let exit = try await follow(process, output)
            // The process is gone, and all that it started with it: nobody waits for its groups to go.
            Task { [self] in
                do { try await forget(id) } catch { note(error, id) }
            }
            if exit.outOfMemory { context.logger.info("a build step ran out of memory", metadata: ["step": "\(id)"]) }
            return exit.exitCode
        } catch {
            try await forget(id)
            if let start = error as? ProcessStartError { throw GantryError.invalid(start.message) }
            throw error
        }
    }

    private func follow(
        _ process: ShimProcess, _ output: @escaping @Sendable (BuildOutputStream, [UInt8]) async -> Void
    ) async throws -> ExitRecord {
        let logger = context.logger
        return try await withTaskCancellationHandler {
            let streams = try await process.attach(stdin: false, stdout: true, stderr: true)
            defer { streams.close() }
            try await process.release()
            while let (stream, bytes) = try await streams.next() {
                await output(stream == .stdout ? .standardOutput : .standardError, bytes)
            }
            let exit = await process.waitForExit()
            try Task.checkCancellation()
            return exit
        } onCancel: {
            // The process is minded by its shim; its end wakes the reader above.
            Task {
                do { try await process.signal(SIGKILL) } catch {
                    logger.debug("a cancelled build step had ended already", metadata: ["error": "\(error)"])
                }
            }
        }
    }

    /// State and control groups, made while the network is.
    private func prepare(_ id: String, _ request: RunRequest) async throws {
        let runtime = context.runtime
        let path = Self.cgroupsPath(id, request)
        try await BlockingWork.run { try runtime.prepare(container: id, cgroupsPath: path) }
    }

    /// nil: the runtime's default.
    private static func cgroupsPath(_ id: String, _ request: RunRequest) -> String? {
        request.limits.cgroupParent.isEmpty ? nil : "\(request.limits.cgroupParent)/\(id)"
    }

    /// Of a step whose process was never started.
    private func forgetLeftovers(_ id: String) {
        do { try context.runtime.forgetLeftovers(container: id) } catch { note(error, id) }
    }

    private func note(_ error: any Error, _ id: String) {
        context.logger.warning(
            "leftovers of a build step stay until the next start", metadata: ["step": "\(id)", "error": "\(error)"])
    }

    private func forget(_ id: String) async throws {
        let runtime = context.runtime
        try await BlockingWork.run { try runtime.forget(container: id) }
    }

    private func options(
        _ request: RunRequest, _ id: String, _ binds: [SandboxOptions.Bind], _ mounts: StepMounts, _ network: StepNetwork
    ) throws -> SandboxOptions {
        var options = SandboxOptions()
        options.arguments = request.arguments
        options.environment = request.environment
        options.workingDirectory = request.workingDirectory
        options.user = RuntimeSpecification.User(
            uid: request.userID, gid: request.groupID, additionalGids: request.supplementaryGroups)
        options.hostname = request.hostname
        options.binds = binds
        options.temporaries = mounts.temporaries
        options.sharedMemorySize = request.limits.shmSize
        options.limits = request.limits.ulimits.map { SpecificationBuilder.limit($0.name, soft: $0.soft, hard: $0.hard) }
        if request.isInsecure {
            options.privileged = true
            options.seccomp = .unconfined
        }
        var resources = ResourceSettings()
        resources.memory = request.limits.memory
        resources.memorySwap = request.limits.memorySwap
        resources.cpuShares = request.limits.cpuShares
        resources.cpuPeriod = request.limits.cpuPeriod
        resources.cpuQuota = request.limits.cpuQuota
        resources.cpusetCPUs = request.limits.cpusetCPUs
        resources.cpusetMems = request.limits.cpusetMems
        options.resources = try SpecificationBuilder.resources(resources)
        options.networkNamespace = network.namespace == nil ? .host : .own
        options.cgroupVersion = context.runtime.cgroups.version
        if let path = Self.cgroupsPath(id, request) { options.cgroupsPath = path }
        return options
    }
}

import CLinux
import ContainerRuntime
import Essentials
import LinuxSystem
import OCI

/// Turns a container's settings into the runtime's specification. Decides nothing about the default sandbox: that is the
/// runtime's `DefaultSpecification`.
struct SpecificationBuilder {
    let record: ContainerRecord
    let context: EngineContext
    let identity: UserDatabase.Identity
    let binds: [RootPreparation.Bind]
    let shared: SharedNamespaces
    /// False: the container lives in the host's.
    let hasNetworkNamespace: Bool
    /// Variables that `--link` brings; the container's own win.
    var linkEnvironment: [String] = []
    /// The container's user namespace, for ids that are not the host's.
    var ids: MappedIDs?
    /// See ``AppArmorChoice``.
    var appArmorProfile: String?

    func build() throws -> RuntimeSpecification {
        let edits = try DeviceRequests.edits(
            record.settings.host.resources.deviceRequests, directories: context.configuration.cdiDirectories)
        var options = try options()
        DeviceRequests.apply(edits, to: &options)
        var specification = try DefaultSpecification.make(options)
        try DeviceRequests.apply(edits, to: &specification)
        for mount in record.mounts where mount.kind == .image {
            let image = ImageMount(mount: mount, context: context)
            specification.mounts = (specification.mounts ?? []) + [ids == nil ? try image.specification() : image.boundTree]
        }
        return specification
    }

    private func options() throws -> SandboxOptions {
        let settings = record.settings
        let host = settings.host
        var options = try Self.security(host)
        options.appArmorProfile = appArmorProfile
        options.arguments =
            InitProgram.isUsed(by: record, context.configuration) ? InitProgram.arguments(record.program) : record.program
        options.environment = Self.environment(settings, identity: identity, links: linkEnvironment)
        options.workingDirectory = settings.workingDirectory.isEmpty ? "/" : settings.workingDirectory
        options.user = RuntimeSpecification.User(uid: identity.userID, gid: identity.groupID, additionalGids: identity.groups)
        options.hostname = host.utsMode == "host" ? nil : settings.hostname
        options.domainname = settings.domainName.isEmpty || host.utsMode == "host" ? nil : settings.domainName
        options.readOnlyRoot = host.readOnlyRootFileSystem
        options.binds = allBinds()
        options.temporaries = record.mounts.filter { $0.kind == .tmpfs }.map { mount in
            var words = mount.tmpfsOptions.split(separator: ",").map(String.init)
            if mount.readOnly { words.append("ro") }
            return SandboxOptions.Temporary(destination: mount.destination, options: words)
        }
        options.sharedMemorySize = host.shmSize
        options.sysctls = host.sysctls
        options.hasUserNamespace = ids != nil
        options.resources = try Self.resources(host.resources)
        options.devices = host.resources.devices.map {
            SandboxOptions.DeviceMapping(hostPath: $0.hostPath, containerPath: $0.containerPath, access: $0.permissions)
        }
        options.deviceRules = try host.resources.deviceCgroupRules.map(Self.deviceRule)
        options.annotations = host.annotations
        Self.setProcessLimits(&options, host)
        options.terminal = settings.terminal
        options.cgroupVersion = context.runtime.cgroups.version
        if let path = Self.cgroupsPath(record, context) { options.cgroupsPath = path }
        setNamespaces(&options)
        return options
    }

    /// nil: the runtime's default.
    static func cgroupsPath(_ record: ContainerRecord, _ context: EngineContext) -> String? {
        let parent = record.settings.host.resources.cgroupParent
        switch context.runtime.cgroups.driver {
        case .systemd: return "\(parent.isEmpty ? "system.slice" : parent):gantry:\(record.id)"
        case .cgroupfs: return parent.isEmpty ? nil : "\(parent)/\(record.id)"
        }
    }

    private func setNamespaces(_ options: inout SandboxOptions) {
        let host = record.settings.host
        options.processNamespace = host.pidMode == "host" ? .host : shared.pid.map { .join(path: $0) } ?? .own
        options.ipcNamespace = host.ipcMode == "host" ? .host : shared.ipc.map { .join(path: $0) } ?? .own
        options.hasSharedMemory = host.ipcMode != "none"
        options.hostNameNamespace = host.utsMode == "host" ? .host : .own
        options.networkNamespace = hasNetworkNamespace ? .own : .host
        switch host.cgroupnsMode {
        case "host": options.cgroupNamespace = .host
        case "private": options.cgroupNamespace = .own
        default: options.cgroupNamespace = nil
        }
    }

    /// The container's own files, unless the user mounts something there, then what the user asked for.
    private func allBinds() -> [SandboxOptions.Bind] {
        let directory = context.configuration.containerDirectory(record.id)
        let taken = Set(record.mounts.map(\.destination))
        let own = ["resolv.conf", "hostname", "hosts"].filter { !taken.contains("/etc/\($0)") }.map {
            SandboxOptions.Bind(
                source: "\(directory)/\($0)", destination: "/etc/\($0)", readOnly: record.settings.host.readOnlyRootFileSystem)
        }
        let initialProgram = InitProgram.isUsed(by: record, context.configuration) ? [InitProgram.bind(context.configuration)] : []
        return own + initialProgram
            + binds.map {
                SandboxOptions.Bind(
                    source: $0.source, destination: $0.destination, readOnly: $0.readOnly,
                    propagation: $0.propagation.isEmpty ? "rprivate" : $0.propagation, recursive: !$0.nonRecursive)
            }
    }

    static func environment(
        _ settings: ContainerSettings, identity: UserDatabase.Identity, links: [String] = []
    ) -> [String] {
        let environment = ImageDefaults.environment(settings, hostname: settings.hostname, links: links)
        return environment.contains { $0.hasPrefix("HOME=") } ? environment : environment + ["HOME=\(identity.home)"]
    }

    /// Limits of each process, of an exec's too.
    static func setProcessLimits(_ options: inout SandboxOptions, _ host: HostSettings) {
        options.limits = host.resources.ulimits.map { limit($0.name, soft: $0.soft, hard: $0.hard) }
        options.outOfMemoryScore = host.oomScoreAdjustment
    }

    /// As `--ulimit` has it; -1 for no limit.
    static func limit(_ name: String, soft: Int64, hard: Int64) -> RuntimeSpecification.ResourceLimit {
        RuntimeSpecification.ResourceLimit(
            type: "RLIMIT_" + name.uppercased(), hard: UInt64(bitPattern: hard), soft: UInt64(bitPattern: soft))
    }

    /// Privileges: what `--privileged`, `--cap-add`, `--cap-drop` and `--security-opt` come to.
    static func security(_ host: HostSettings) throws -> SandboxOptions {
        var options = SandboxOptions()
        options.privileged = host.privileged
        options.capabilitiesAdded = host.capabilitiesAdded
        options.capabilitiesDropped = host.capabilitiesDropped
        options.maskedPaths = host.maskedPaths
        options.readOnlyPaths = host.readOnlyPaths
        let security = try SecurityOptions(host.securityOptions)
        options.noNewPrivileges = security.noNewPrivileges
        options.seccomp = security.seccomp
        options.writableCgroups = security.writableCgroups
        if security.opensSystemPaths {
            options.maskedPaths = []
            options.readOnlyPaths = []
        }
        return options
    }

    /// `c 42:* rmw`.
    private static func deviceRule(_ text: String) throws -> RuntimeSpecification.DeviceRule {
        let wrong = GantryError.invalid("invalid device cgroup rule format: '\(text)'")
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 3, ["a", "b", "c"].contains(words[0]), words[2].allSatisfy({ "rwm".contains($0) }) else { throw wrong }
        let numbers = words[1].split(separator: ":").map(String.init)
        guard numbers.count == 2, numbers.allSatisfy({ $0 == "*" || Int64($0) != nil }) else { throw wrong }
        return RuntimeSpecification.DeviceRule(
            allow: true, type: words[0], major: Int64(numbers[0]), minor: Int64(numbers[1]), access: words[2])
    }
}

extension ContainerPreparation {
    /// The process of an exec: as the container's own, but for what the request says.
    static func execProcess(
        _ request: ExecRequest, record: ContainerRecord, context: EngineContext, processID: Int32
    ) async throws -> (process: RuntimeSpecification.Process, seccomp: LinuxSeccomp?) {
        let settings = record.settings
        let user = request.user.isEmpty ? settings.user : request.user
        let identity = try await BlockingWork.run {
            let root = try context.runtime.open("root", O_PATH | O_DIRECTORY, of: processID, in: record.id)
            return try UserDatabase(root: root).identity(user, extra: settings.host.groupsAdded)
        }
        var options = try SpecificationBuilder.security(settings.host)
        // Filter and profile stay the container's: --privileged gives an exec capabilities, no way past what the container was
        // closed with.
        let filter = try DefaultSpecification.filter(options)
        if request.privileged { options.privileged = true }
        options.appArmorProfile = record.run.appArmorProfile
        guard request.command.first?.isEmpty == false else { throw ProcessStartError.emptyProgram }
        options.arguments = request.command
        SpecificationBuilder.setProcessLimits(&options, settings.host)
        var shown = settings
        shown.terminal = request.terminal
        let environment = ImageDefaults.replacing(
            ImageDefaults.environment(shown, hostname: settings.hostname), with: request.environment)
        options.environment = environment.contains { $0.hasPrefix("HOME=") } ? environment : environment + ["HOME=\(identity.home)"]
        let directory = request.workingDirectory.isEmpty ? settings.workingDirectory : request.workingDirectory
        guard directory.isEmpty || directory.hasPrefix("/") else {
            throw GantryError.invalid("OCI runtime exec failed: exec failed: Cwd must be an absolute path: unknown")
        }
        options.workingDirectory = directory.isEmpty ? "/" : directory
        options.user = RuntimeSpecification.User(uid: identity.userID, gid: identity.groupID, additionalGids: identity.groups)
        options.terminal = request.terminal
        options.cgroupVersion = context.runtime.cgroups.version
        let specification = try DefaultSpecification.make(options)
        guard let process = specification.process else { throw GantryError.internal("the default specification has no process") }
        return (process, filter)
    }
}

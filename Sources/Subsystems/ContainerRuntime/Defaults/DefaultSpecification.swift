internal import CLinux
package import Essentials
internal import FoundationEssentials
internal import LinuxSystem
package import OCI

/// Docker's default sandbox as a runtime specification.
package enum DefaultSpecification {
    /// Docker's fourteen. Source: `docker run --help`'s documentation; moby/oci/caps.
    package static let capabilities = [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID",
        "CAP_SETFCAP",
        "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
    ]

    private static let maskedPaths = [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug",
        "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
    ]

    package static let readOnlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

    /// The device files that every container has. Source: OCI runtime-spec, config-linux, Default Devices.
    package static let devices = [
        ("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0),
    ].map { RuntimeSpecification.Device(path: "/dev/\($0.0)", type: "c", major: Int64($0.1), minor: Int64($0.2), fileMode: 0o666) }

    /// - Throws: `invalid` for an unknown capability or an unreadable profile, `unsupported` for a capability that this host cannot
    ///   give, ``SystemError`` for a device that is not there.
    package static func make(_ options: SandboxOptions) throws -> RuntimeSpecification {
        var result = RuntimeSpecification()
        let capabilities = try capabilities(options)
        result.process = process(options, capabilities)
        result.root = RuntimeSpecification.Root(path: "rootfs", readonly: options.readOnlyRoot)
        result.hostname = options.hostNameNamespace == .own ? options.hostname : nil
        result.domainname = options.hostNameNamespace == .own ? options.domainname : nil
        result.mounts = DefaultMounts(options: options).all()
        var linux = RuntimeSpecification.Linux()
        linux.namespaces = namespaces(options)
        linux.cgroupsPath = options.cgroupsPath
        linux.sysctl = sysctls(options)
        (linux.devices, linux.resources) = try devicesAndResources(options)
        if !options.privileged {
            linux.maskedPaths = options.maskedPaths ?? defaultMaskedPaths()
            linux.readonlyPaths = options.readOnlyPaths ?? readOnlyPaths
        }
        linux.seccomp = try filter(options)
        if options.binds.contains(where: { $0.propagation.hasSuffix("shared") }) {
            linux.rootfsPropagation = "rshared"
        } else if options.binds.contains(where: { $0.propagation.hasSuffix("slave") }) {
            linux.rootfsPropagation = "rslave"
        }
        result.linux = linux
        if !options.annotations.isEmpty { result.annotations = options.annotations }
        return result
    }

    /// On this host.
    package static func defaultMaskedPaths() -> [String] { maskedPaths + throttleFiles() }

    /// The kernel shows these per processor; they tell what the host is doing (GHSA-6fw5-f8r9-fgfm).
    private static func throttleFiles() -> [String] {
        let names = (try? FileSystem.list("/sys/devices/system/cpu")) ?? []
        return names.filter { $0.hasPrefix("cpu") && $0.dropFirst(3).allSatisfy(\.isNumber) && $0.count > 3 }.sorted()
            .map { "/sys/devices/system/cpu/\($0)/thermal_throttle" }.filter { FileSystem.exists($0) }
    }

    // MARK: Process

    /// The process of an exec or of a container; ambient and inheritable sets stay empty (CVE-2022-24769).
    package static func process(_ options: SandboxOptions, _ capabilities: [String]) -> RuntimeSpecification.Process {
        let initial = options.initProgram == nil ? [] : ["/sbin/docker-init", "--"]
        var process = RuntimeSpecification.Process(
            args: initial + options.arguments, env: options.environment, cwd: options.workingDirectory, user: options.user)
        process.terminal = options.terminal
        process.capabilities = RuntimeSpecification.Capabilities(
            bounding: capabilities, effective: capabilities, permitted: capabilities)
        process.rlimits = options.limits
        process.apparmorProfile = options.appArmorProfile
        process.noNewPrivileges = options.noNewPrivileges
        process.oomScoreAdj = options.outOfMemoryScore
        return process
    }

    /// The bounding set that the options come to, sorted as the kernel numbers it.
    package static func capabilities(_ options: SandboxOptions) throws(GantryError) -> [String] {
        let available = Capability.available()
        func names(_ mask: UInt64) -> [String] {
            Capability.names.enumerated().filter { mask & 1 << UInt64($0.offset) != 0 }.map(\.element)
        }
        if options.privileged { return names(available) }
        let added = options.capabilitiesAdded.map(full)
        let dropped = options.capabilitiesDropped.map(full)
        let addedMask = try Capability.mask(added.filter { $0 != "CAP_ALL" })
        guard addedMask & ~available == 0 else {
            let missing = names(addedMask & ~available).joined(separator: ", ")
            throw .unsupported(
                "this host cannot give \(missing): the daemon does not have it itself", hint: "leave it out of --cap-add")
        }
        var mask = try Capability.mask(capabilities) & available
        if added.contains("CAP_ALL") { mask = available }
        if dropped.contains("CAP_ALL") { mask = 0 } else { mask &= ~(try Capability.mask(dropped)) }
        return names(mask | addedMask)
    }

    /// - Throws: `invalid` for a name that is no capability; `ALL` is one here.
    package static func checkCapabilities(_ names: [String]) throws(GantryError) {
        _ = try Capability.mask(names.map(full).filter { $0 != "CAP_ALL" })
    }

    /// - Throws: `invalid` unless `bytes` are a profile that can be compiled.
    package static func checkProfile(_ bytes: [UInt8]) throws(GantryError) {
        do {
            let profile = try DockerSeccompProfile.resolve(bytes, capabilities: [])
            _ = try SeccompCompiler.shared.compile(profile)
        } catch { throw .invalid("Decoding seccomp profile failed", cause: error) }
    }

    /// Names as they are kept and shown: upper case with `CAP_`, sorted, each once; `ALL` stands for itself.
    package static func normalized(_ names: [String]) -> [String] {
        Set(names.map(full)).map { $0 == "CAP_ALL" ? "ALL" : $0 }.sorted()
    }

    private static func full(_ name: String) -> String {
        name.uppercased().hasPrefix("CAP_") ? name.uppercased() : "CAP_" + name.uppercased()
    }

    // MARK: Namespaces and kernel values

    private static func namespaces(_ options: SandboxOptions) -> [RuntimeSpecification.Namespace] {
        let groups = options.cgroupNamespace ?? (options.cgroupVersion == "2" && !options.privileged ? .own : .host)
        var result = [RuntimeSpecification.Namespace(.mount)]
        let modes: [(RuntimeSpecification.Namespace.Kind, SandboxOptions.NamespaceMode)] = [
            (.network, options.networkNamespace), (.uts, options.hostNameNamespace), (.pid, options.processNamespace),
            (.ipc, options.ipcNamespace), (.cgroup, groups),
        ]
        for (kind, mode) in modes {
            switch mode {
            case .own: result.append(RuntimeSpecification.Namespace(kind))
            case .join(let path): result.append(RuntimeSpecification.Namespace(kind, path: path))
            case .host: break
            }
        }
        return result
    }

    private static func sysctls(_ options: SandboxOptions) -> [String: String] {
        var result = options.sysctls
        guard options.networkNamespace == .own else { return result }
        var defaults = [("net.ipv4.ip_unprivileged_port_start", "0")]
        // A range of all groups has some that a user namespace does not know.
        if !options.hasUserNamespace { defaults.append(("net.ipv4.ping_group_range", "0 2147483647")) }
        for (name, value) in defaults where result[name] == nil { result[name] = value }
        return result
    }

    /// The filter that the options come to, nil for none: with all privileges only a profile that was asked for.
    package static func filter(_ options: SandboxOptions) throws -> LinuxSeccomp? {
        switch options.seccomp {
        case .unconfined: return nil
        case .standard:
            return options.privileged ? nil : DefaultSeccomp.profile(capabilities: Set(try capabilities(options)))
        case .profile(let bytes):
            do { return try DockerSeccompProfile.resolve(bytes, capabilities: Set(try capabilities(options))) } catch {
                throw GantryError.invalid("opening seccomp profile failed", cause: error)
            }
        }
    }
}

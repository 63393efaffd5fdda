import DockerAPI
import Essentials

extension ContainerFlags {
    /// Values that are wrong by themselves: told before anything else is looked at, as the flags' own parser would.
    func checkValues() throws {
        for text in network.dns where AddressBytes.parse(text) == nil {
            throw UsageError.invalid(text, flag: "--dns", "IP address is not correctly formatted: \(text)")
        }
        for text in network.addHost { _ = try Self.extraHost(text) }
        for text in host.sysctl where !Self.isAllowedSysctl(text) {
            throw UsageError.invalid(text, flag: "--sysctl", "sysctl '\(text)' is not allowed")
        }
        for text in network.network { _ = try NetworkFlag.parse(text) }
        for text in host.mount { _ = try MountFlag.parse(text) }
        for text in network.link { try Self.checkLink(text) }
        if let healthInterval { _ = try FlagValue.duration(healthInterval, flag: "--health-interval") }
        if !network.macAddress.isEmpty, !Self.isHardwareAddress(network.macAddress) {
            throw GantryError.invalid("\(network.macAddress) is not a valid mac address")
        }
    }

    /// The part that ties the container to this host. Source: Engine API 1.51, HostConfig.
    func hostConfig(environment: [String: String]) throws -> HostConfig {
        var config = HostConfig()
        config.autoRemove = rm
        config.restartPolicy = try RestartFlag.parse(restart)
        guard !rm || restart == "no" || restart.isEmpty else {
            throw GantryError.invalid("conflicting options: cannot specify both --restart and --rm")
        }
        config.containerIDFile = cidfile
        config.usesInit = usesInit ? true : nil
        config.annotations = FlagValue.map(annotation)
        config.logConfig.type = logDriver
        config.logConfig.config = FlagValue.map(logOpt)
        guard logDriver != "none" || logOpt.isEmpty else {
            throw GantryError.invalid("invalid logging opts for driver \(logDriver)")
        }
        try applyNetwork(to: &config)
        try resources.apply(to: &config)
        try host.apply(to: &config)
        return config
    }

    private func applyNetwork(to config: inout HostConfig) throws {
        config.networkMode = try network.networkMode()
        config.portBindings = try PortFlag.bindings(network.publish)
        config.publishAllPorts = network.publishAll
        config.dns = network.dns
        config.dnsOptions = network.dnsOption
        config.dnsSearch = network.dnsSearch == ["."] ? ["."] : network.dnsSearch
        config.extraHosts = try network.addHost.map(Self.extraHost)
        config.links = network.link
    }

    /// `host:ip` of `host:ip` or `host=ip`; the address may stand in brackets.
    static func extraHost(_ text: String) throws -> String {
        func wrong(_ reason: String) -> UsageError { UsageError.invalid(text, flag: "--add-host", reason) }
        guard let at = text.firstIndex(where: { $0 == "=" }) ?? text.firstIndex(of: ":"), at != text.startIndex else {
            throw wrong("bad format for add-host: \"\(text)\"")
        }
        var address = String(text[text.index(after: at)...])
        if address == "host-gateway" { return "\(text[..<at]):\(address)" }
        if address.hasPrefix("["), address.hasSuffix("]") { address = String(address.dropFirst().dropLast()) }
        guard AddressBytes.parse(address) != nil else { throw wrong("invalid IP address in add-host: \"\(address)\"") }
        return "\(text[..<at]):\(address)"
    }

    /// Those that have a namespace. Source: docker CLI, `--sysctl`.
    static func isAllowedSysctl(_ text: String) -> Bool {
        let (name, value) = FlagValue.split(text)
        let allowed: Set<String> = [
            "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni",
            "kernel.shm_rmid_forced",
        ]
        return value != nil && (allowed.contains(name) || name.hasPrefix("net.") || name.hasPrefix("fs.mqueue."))
    }

    private static func checkLink(_ text: String) throws {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard !text.isEmpty, parts.count <= 2 else {
            throw UsageError.invalid(text, flag: "--link", "bad format for links: \(text)")
        }
    }

    /// Six bytes in hexadecimal between colons, dashes, or four digits between dots.
    static func isHardwareAddress(_ text: String) -> Bool {
        for (separator, count, width) in [(":", 6, 2), ("-", 6, 2), (".", 3, 4)] {
            let parts = text.split(separator: Character(separator), omittingEmptySubsequences: false)
            if parts.count == count, parts.allSatisfy({ $0.count == width && $0.allSatisfy { $0.isHexDigit && $0.isASCII } }) {
                return true
            }
        }
        return false
    }
}

extension HostFlags {
    func apply(to config: inout HostConfig) throws {
        config.binds = try VolumeFlag.split(volume).binds
        config.mounts = try mount.map(MountFlag.parse)
        config.tmpfs = [:]
        for text in tmpfs {
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            config.tmpfs[parts[0]] = parts.count > 1 ? parts[1] : ""
        }
        config.volumesFrom = volumesFrom
        config.volumeDriver = volumeDriver
        config.storageOpt = FlagValue.map(storageOpt)
        config.readonlyRootfs = readOnly
        config.privileged = privileged
        config.capAdd = capAdd.isEmpty ? nil : capAdd
        config.capDrop = capDrop.isEmpty ? nil : capDrop
        config.groupAdd = groupAdd
        config.sysctls = FlagValue.map(sysctl)
        config.runtime = runtime
        config.cgroupParent = cgroupParent
        config.isolation = isolation
        try applyNamespaces(to: &config)
        let security = try SecurityFlag.parse(securityOpt)
        config.securityOpt = security.options
        if security.showsSystemPaths {
            config.maskedPaths = []
            config.readonlyPaths = []
        }
        if useApiSocket { config.binds.append("/run/gantry/gantry.sock:/var/run/docker.sock") }
    }

    private func applyNamespaces(to config: inout HostConfig) throws {
        func check(_ value: String, _ flag: String, _ name: String, _ allowed: [String], joins: Bool = false) throws {
            guard value.isEmpty || allowed.contains(value) || joins && value.hasPrefix("container:") && value.count > 10 else {
                throw GantryError.invalid("--\(flag): invalid \(name) mode")
            }
        }
        try check(pid, "pid", "PID", ["host"], joins: true)
        try check(uts, "uts", "UTS", ["host"])
        try check(userns, "userns", "USER", ["host"])
        try check(cgroupns, "cgroupns", "CGROUP", ["host", "private"])
        config.ipcMode = ipc
        config.pidMode = pid
        config.utsMode = uts
        config.usernsMode = userns
        config.cgroupnsMode = cgroupns
    }
}

/// `--restart no|always|unless-stopped|on-failure[:count]`.
enum RestartFlag {
    static func parse(_ text: String) throws -> RestartPolicyBody {
        var policy = RestartPolicyBody()
        guard !text.isEmpty else { return policy }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard !parts[0].isEmpty else { throw GantryError.invalid("invalid restart policy format: no policy provided before colon") }
        policy.name = parts[0]
        if parts.count > 1 {
            guard let count = Int(parts[1]) else {
                throw GantryError.invalid("invalid restart policy format: maximum retry count must be an integer")
            }
            policy.maximumRetryCount = count
        }
        return policy
    }
}

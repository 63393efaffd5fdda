import Essentials

/// Refuses settings that contradict one another before anything is made, in Docker's words.
enum SettingsCheck {
    static func check(_ settings: ContainerSettings) throws(GantryError) {
        try ResourceCheck.check(settings.host.resources)
        try checkLife(settings)
        try checkNames(settings)
        try checkModes(settings)
        try LinkSettings.checkAddress(settings.macAddress)
        try SandboxCheck.check(settings)
        for (key, bindings) in settings.host.portBindings {
            _ = try PortText.parse(key)
            for binding in bindings { _ = try PortText.hostRange(binding.hostPort) }
        }
        for key in settings.exposedPorts { _ = try PortText.parse(key) }
    }

    private static func checkLife(_ settings: ContainerSettings) throws(GantryError) {
        let policy = settings.host.restartPolicy
        if settings.host.autoRemove, policy.name != .no {
            throw .invalid("can't create 'AutoRemove' container with restart policy")
        }
        if policy.maximumRetryCount < 0 { throw .invalid("invalid restart policy: maximum retry count cannot be negative") }
        if policy.name != .onFailure, policy.maximumRetryCount > 0 {
            throw .invalid("invalid restart policy: maximum retry count can only be used with 'on-failure'")
        }
        if let signal = settings.stopSignal { _ = try SignalNumber.parse(signal) }
        _ = try LogConfiguration(driver: settings.host.logDriver, options: settings.host.logOptions)
        if settings.host.storageOptions["size"] != nil {
            throw .unsupported("--storage-opt size needs a file system with project quotas, which this storage does not use")
        }
        if let key = settings.host.storageOptions.keys.min() { throw .invalid("unknown storage option `\(key)`") }
        if settings.host.shmSize < 0 { throw .invalid("SHM size can not be less than 0") }
    }

    private static func checkNames(_ settings: ContainerSettings) throws(GantryError) {
        for name in [settings.hostname, settings.domainName] where name.utf8.count > 63 {
            throw .invalid("invalid hostname: `\(name)` is longer than 63 bytes")
        }
        for entry in settings.environment where entry.isEmpty || entry.hasPrefix("=") || entry.utf8.contains(0) {
            throw .invalid("invalid environment variable: \(entry)")
        }
        for (key, value) in settings.host.sysctls
        where (key + value).utf8.contains(where: { $0 == 10 || $0 == 0 }) || key.contains("+") || key.contains("..") {
            throw .invalid("invalid sysctl: `\(key)`")
        }
        for key in settings.host.sysctls.keys where !isNamespaced(key) {
            throw .invalid("sysctl '\(key)' is not whitelisted")
        }
        if settings.host.networkMode == "host", let key = settings.host.sysctls.keys.first(where: { $0.hasPrefix("net.") }) {
            throw .invalid("sysctl '\(key)' not allowed in host network namespace")
        }
        let directory = settings.workingDirectory
        if !directory.isEmpty, !directory.hasPrefix("/") {
            throw .invalid("the working directory '\(directory)' is invalid, it needs to be an absolute path")
        }
    }

    private static func isNamespaced(_ key: String) -> Bool {
        let names: Set<String> = [
            "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni",
            "kernel.shm_rmid_forced",
        ]
        return names.contains(key) || key.hasPrefix("fs.mqueue.") || key.hasPrefix("net.")
    }

    private static func checkModes(_ settings: ContainerSettings) throws(GantryError) {
        let host = settings.host
        func isContainer(_ mode: String) -> Bool { mode.hasPrefix("container:") && mode.count > 10 }
        guard ["", "private", "shareable", "host", "none"].contains(host.ipcMode) || isContainer(host.ipcMode) else {
            throw .invalid("invalid IPC mode: \(host.ipcMode)")
        }
        guard ["", "host"].contains(host.pidMode) || isContainer(host.pidMode) else {
            throw .invalid("invalid PID mode: \(host.pidMode)")
        }
        guard ["", "host"].contains(host.utsMode) else { throw .invalid("invalid UTS mode: \(host.utsMode)") }
        guard ["", "host"].contains(host.usernsMode) else { throw .invalid("invalid USER mode: \(host.usernsMode)") }
        guard ["", "host", "private"].contains(host.cgroupnsMode) else {
            throw .invalid("invalid CGROUP mode: \(host.cgroupnsMode)")
        }
        guard ["", "default"].contains(host.isolation) else { throw .invalid("invalid isolation '\(host.isolation)' for linux") }
        if host.networkMode == "host", !settings.networks.isEmpty, settings.networks.keys.contains(where: { $0 != "host" }) {
            throw .invalid("conflicting options: cannot attach a container in host mode to other networks")
        }
        if isContainer(host.networkMode), !host.portBindings.isEmpty || host.publishAllPorts {
            throw .invalid("conflicting options: port publishing and the container type network mode")
        }
    }
}

/// Port texts: `80/tcp`, `8000-8010`.
enum PortText {
    struct Port: Hashable, Sendable {
        var number: UInt16
        /// tcp, udp or sctp.
        var proto: String
        var key: String { "\(number)/\(proto)" }
    }

    static func parse(_ text: String) throws(GantryError) -> Port {
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        guard let first = parts.first, let number = UInt16(first), number > 0 else {
            throw .invalid("invalid port specification: \"\(text)\"")
        }
        let proto = parts.count == 2 ? parts[1].lowercased() : "tcp"
        guard ["tcp", "udp", "sctp"].contains(proto) else { throw .invalid("invalid port specification: \"\(text)\"") }
        return Port(number: number, proto: proto)
    }

    /// nil asks for an ephemeral port.
    static func hostRange(_ text: String) throws(GantryError) -> ClosedRange<UInt16>? {
        if text.isEmpty || text == "0" { return nil }
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
        guard (1...2).contains(parts.count), let low = parts[0], let high = parts.last ?? nil, low <= high else {
            throw .invalid("invalid port specification: \"\(text)\"")
        }
        return low...high
    }
}

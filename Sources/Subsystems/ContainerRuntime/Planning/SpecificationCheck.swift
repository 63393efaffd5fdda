internal import CLinux
internal import Essentials
internal import OCI

/// What can be said of a specification without looking at the host. Every message names the field.
enum SpecificationCheck {
    static func check(_ specification: RuntimeSpecification, hasNetwork: Bool) throws(GantryError) {
        let version = specification.ociVersion.split(separator: ".", omittingEmptySubsequences: false)
        guard version.count >= 3, version[0] == "1", UInt(version[1]) != nil else {
            throw .invalid("`ociVersion` must be 1.x.y, not `\(specification.ociVersion)`")
        }
        guard let process = specification.process else { throw .invalid("the specification has no `process`") }
        if let root = specification.root, root.path.isEmpty { throw .invalid("`root.path` is empty") }
        try check(process)
        try checkNames(specification)
        try check(specification.hooks)
        if let linux = specification.linux { try check(linux, hasNetwork: hasNetwork) }
    }

    // MARK: Process

    static func check(_ process: RuntimeSpecification.Process) throws(GantryError) {
        for (name, texts) in [("args", process.args ?? []), ("env", process.env ?? []), ("cwd", [process.cwd])] {
            for text in texts where text.utf8.contains(0) { throw .invalid("`process.\(name)` cannot contain a zero byte") }
        }
        var types: Set<String> = []
        for limit in process.rlimits ?? [] {
            guard ResourceLimitName.numbers[limit.type] != nil else {
                throw .invalid("`process.rlimits` has the unknown type `\(limit.type)`")
            }
            guard types.insert(limit.type).inserted else { throw .invalid("`process.rlimits` has `\(limit.type)` twice") }
            guard limit.soft <= limit.hard else {
                throw .invalid("`process.rlimits`: the soft \(limit.type) \(limit.soft) is above the hard \(limit.hard)")
            }
        }
        if let score = process.oomScoreAdj, !(-1000...1000).contains(score) {
            throw .invalid("`process.oomScoreAdj` must be from -1000 to 1000, not \(score)")
        }
        if let mask = process.user.umask, mask > 0o777 { throw .invalid("`process.user.umask` must be at most 0777") }
        if let affinity = process.execCPUAffinity {
            for (name, list) in [("initial", affinity.initial), ("final", affinity.final)] {
                if let list { _ = try ProcessAttributes.mask(list, field: "process.execCPUAffinity.\(name)") }
            }
        }
    }

    private static func checkNames(_ specification: RuntimeSpecification) throws(GantryError) {
        for (field, name) in [("hostname", specification.hostname), ("domainname", specification.domainname)] {
            guard let name else { continue }
            guard name.utf8.count <= 64, !name.utf8.contains(0) else { throw .invalid("`\(field)` is longer than 64 bytes") }
        }
        for key in (specification.annotations ?? [:]).keys where key.isEmpty { throw .invalid("`annotations` has an empty key") }
    }

    private static func check(_ hooks: RuntimeSpecification.Hooks?) throws(GantryError) {
        for (point, list) in hooks?.all ?? [] {
            for hook in list {
                guard hook.path.hasPrefix("/") else {
                    throw .invalid("`hooks.\(point)` has the path `\(hook.path)`, which is not absolute")
                }
                if let timeout = hook.timeout, !(1...86400).contains(timeout) {
                    throw .invalid("`hooks.\(point)` has the timeout \(timeout); it must be from 1 to 86400 seconds")
                }
                for text in [hook.path] + (hook.args ?? []) + (hook.env ?? []) where text.utf8.contains(0) {
                    throw .invalid("`hooks.\(point)` cannot contain a zero byte")
                }
            }
        }
    }

    // MARK: Linux

    private static func check(_ linux: RuntimeSpecification.Linux, hasNetwork: Bool) throws(GantryError) {
        var kinds: Set<RuntimeSpecification.Namespace.Kind> = []
        for namespace in linux.namespaces ?? [] {
            guard kinds.insert(namespace.type).inserted else {
                throw .invalid("`linux.namespaces` has `\(namespace.type.rawValue)` twice")
            }
            if let path = namespace.path, !path.isEmpty, !path.hasPrefix("/") {
                throw .invalid("`linux.namespaces` has the path `\(path)`, which is not absolute")
            }
        }
        let hasMaps = !(linux.uidMappings ?? []).isEmpty || !(linux.gidMappings ?? []).isEmpty
        guard !hasMaps || kinds.contains(.user) else {
            throw .invalid("`linux.uidMappings` and `linux.gidMappings` need a user namespace in `linux.namespaces`")
        }
        for device in linux.devices ?? [] { try check(device) }
        for (field, paths) in [("maskedPaths", linux.maskedPaths ?? []), ("readonlyPaths", linux.readonlyPaths ?? [])] {
            for path in paths where !path.hasPrefix("/") { throw .invalid("`linux.\(field)` has `\(path)`, which is not absolute") }
        }
        if let name = linux.rootfsPropagation, !name.isEmpty, MountOptions.propagation(named: name) == nil {
            throw .invalid("`linux.rootfsPropagation` has the unknown value `\(name)`")
        }
        for name in (linux.sysctl ?? [:]).keys { try checkSysctl(name, kinds, hasNetwork: hasNetwork || kinds.contains(.network)) }
        if let devices = linux.netDevices, !devices.isEmpty {
            guard hasNetwork || kinds.contains(.network) else {
                throw .invalid("`linux.netDevices` needs a network namespace in `linux.namespaces`")
            }
            try NetworkDevices.check(devices)
        }
        if linux.intelRdt != nil {
            throw .unsupported(
                "`linux.intelRdt` is not supported", hint: "assign the container's processes through /sys/fs/resctrl")
        }
        if let label = linux.mountLabel, !label.isEmpty, !SecurityLabel.modules().contains("selinux") {
            throw .unsupported("the mount label `\(label)` cannot be applied: this host has no SELinux")
        }
    }

    private static func check(_ device: RuntimeSpecification.Device) throws(GantryError) {
        guard device.path.hasPrefix("/") else {
            throw .invalid("`linux.devices` has the path `\(device.path)`, which is not absolute")
        }
        guard ["c", "u", "b", "p"].contains(device.type) else {
            throw .invalid("`linux.devices`: `\(device.path)` has the unknown type `\(device.type)`")
        }
        let numbers = [device.major ?? 0, device.minor ?? 0]
        guard numbers.allSatisfy({ (0...0xFFFF_FFFF).contains($0) }) else {
            throw .invalid("`linux.devices`: `\(device.path)` has an invalid number \(numbers[0]):\(numbers[1])")
        }
        guard device.type == "p" || (device.major != nil && device.minor != nil) else {
            throw .invalid("`linux.devices`: `\(device.path)` needs `major` and `minor`")
        }
        // The type's bits may be given too; they must be the type's.
        let type: CInt = device.type == "b" ? S_IFBLK : device.type == "p" ? S_IFIFO : S_IFCHR
        guard let mode = device.fileMode, mode & ~0o7777 != 0 else { return }
        guard mode & ~0o7777 == UInt32(type) else {
            throw .invalid("`linux.devices`: `\(device.path)` has the invalid mode 0\(String(mode, radix: 8))")
        }
    }

    private static let messageSysctls: Set<String> = [
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni",
        "kernel.shm_rmid_forced",
    ]

    /// Only what the container's own namespaces keep apart from the host: anything else would be the host's value.
    private static func checkSysctl(
        _ given: String, _ kinds: Set<RuntimeSpecification.Namespace.Kind>, hasNetwork: Bool
    ) throws(GantryError) {
        // Slashes may stand for the dots, and then dots belong to a device's name; no part may lead elsewhere.
        let separator: Character = given.contains("/") ? "/" : "."
        let parts = given.split(separator: separator, omittingEmptySubsequences: false)
        guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }), !given.utf8.contains(0) else {
            throw .invalid("`linux.sysctl` has the invalid sysctl `\(given)`")
        }
        let name = parts.joined(separator: ".")
        if messageSysctls.contains(name) || name.hasPrefix("fs.mqueue.") {
            guard kinds.contains(.ipc) else {
                throw .invalid("`linux.sysctl`: `\(given)` needs an ipc namespace of the container's own")
            }
        } else if name.hasPrefix("net.") {
            guard hasNetwork else { throw .invalid("`linux.sysctl`: `\(given)` needs a network namespace of the container's own") }
        } else if name == "kernel.domainname" {
            guard kinds.contains(.uts) else {
                throw .invalid("`linux.sysctl`: `\(given)` needs a uts namespace of the container's own")
            }
        } else if name.hasPrefix("user.") {
            guard kinds.contains(.user) else {
                throw .invalid("`linux.sysctl`: `\(given)` needs a user namespace of the container's own")
            }
        } else if name == "kernel.hostname" {
            throw .invalid("`linux.sysctl`: use `hostname` in place of `\(given)`")
        } else {
            throw .invalid("`linux.sysctl`: `\(given)` is not in a namespace of the container's own")
        }
    }
}

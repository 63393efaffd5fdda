import ContainerRuntime
import Essentials

/// Refuses what no sandbox can be made of, before anything of a container exists.
enum SandboxCheck {
    static func check(_ settings: ContainerSettings) throws(GantryError) {
        let host = settings.host
        let options = try SecurityOptions(host.securityOptions)
        if case .profile(let bytes) = options.seccomp { try DefaultSpecification.checkProfile(bytes) }
        for (label, names) in [("CapAdd", host.capabilitiesAdded), ("CapDrop", host.capabilitiesDropped)] {
            do { try DefaultSpecification.checkCapabilities(names) } catch {
                throw .invalid("invalid \(label): \(error.message)", hint: error.hint)
            }
        }
        guard (-1000...1000).contains(host.oomScoreAdjustment) else {
            throw .invalid("Invalid value \(host.oomScoreAdjustment), range for oom score adj is [-1000, 1000]")
        }
        for (destination, options) in host.tmpfs.sorted(by: { $0.key < $1.key }) {
            try TmpfsOptions.check(options, destination: destination)
        }
        try checkSysctls(host)
        try checkSharing(settings)
    }

    /// Names and addresses belong to whoever owns the namespace. Docker's words.
    private static func checkSharing(_ settings: ContainerSettings) throws(GantryError) {
        let host = settings.host
        if host.utsMode == "host", !settings.hostname.isEmpty {
            throw .invalid("conflicting options: hostname and the UTS mode")
        }
        guard host.networkMode.hasPrefix("container:") else { return }
        if !settings.hostname.isEmpty { throw .invalid("conflicting options: hostname and the network mode") }
        if !host.links.isEmpty {
            throw .invalid(
                "conflicting options: container type network can't be used with links. This would result in undefined behavior")
        }
        if !host.dns.isEmpty { throw .invalid("conflicting options: dns and the network mode") }
        if !host.extraHosts.isEmpty {
            throw .invalid("conflicting options: custom host-to-IP mapping and the network mode")
        }
        if !settings.exposedPorts.isEmpty {
            throw .invalid("conflicting options: port exposing and the container type network mode")
        }
    }

    /// A value of the host's is never set: the namespace that it belongs to must be the container's own. Source: CVE-2022-0532.
    private static func checkSysctls(_ host: HostSettings) throws(GantryError) {
        guard host.ipcMode == "host" else { return }
        for key in host.sysctls.keys.sorted() where key.hasPrefix("kernel.") || key.hasPrefix("fs.mqueue.") {
            throw .invalid("sysctl '\(key)' not allowed in host ipc namespace")
        }
    }
}

/// The words after the path in `--tmpfs`. Source: tmpfs(5), `cli.md` §2.
enum TmpfsOptions {
    private static let flags: Set<String> = [
        "rw", "ro", "suid", "nosuid", "dev", "nodev", "exec", "noexec", "async", "sync", "dirsync", "mand", "nomand", "atime",
        "noatime",
        "diratime", "nodiratime", "relatime", "norelatime", "strictatime", "nostrictatime", "private", "rprivate", "slave",
        "rslave",
        "shared", "rshared", "unbindable", "runbindable", "defaults", "noswap",
    ]
    private static let keys: Set<String> = ["size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol"]

    /// - Throws: `invalid` in Docker's words for a word that is no option of a tmpfs.
    static func check(_ text: String, destination: String) throws(GantryError) {
        for word in text.split(separator: ",") {
            if flags.contains(String(word)) { continue }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, keys.contains(String(parts[0])), !parts[1].isEmpty else {
                throw .invalid("invalid tmpfs option \"\(word)\" for `\(destination)`")
            }
        }
    }
}

internal import CLinux
internal import Essentials
internal import LinuxSystem
internal import OCI
internal import ShimProtocol

/// Turns one mount of the specification into steps.
struct MountPlanner {
    var mount: RuntimeSpecification.Mount
    var cgroups: CgroupLayout
    var cgroupPath: String
    /// The mount's source, already opened; then no path of the host is looked up.
    var tree: OwnedDescriptor?

    /// Files of /proc that may be replaced; anything else there could fake what the kernel says (CVE-2019-16884).
    private static let replaceable: Set<String> = [
        "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps", "/proc/uptime", "/proc/loadavg",
        "/proc/slabinfo",
        "/proc/net/dev", "/proc/sys/kernel/ns_last_pid", "/proc/sys/crypto/fips_enabled",
    ]

    func add(to plan: inout Plan) throws(GantryError) {
        let target = Self.clean(mount.destination)
        let options = MountOptions(mount.options ?? [])
        let type = mount.type ?? ""
        guard mount.destination.hasPrefix("/"), target != "/" else {
            throw .invalid("invalid mount destination `\(mount.destination)`")
        }
        if target == "/proc" || target.hasPrefix("/proc/"), type != "proc", !Self.replaceable.contains(target) {
            throw .invalid("\"\(target)\" cannot be mounted because it is inside /proc")
        }
        if options.isBind || type == "bind" || type == "none" {
            addBind(target, options, to: &plan)
        } else if type == "cgroup" || type == "cgroup2" {
            addCgroups(target, options, to: &plan)
        } else {
            addNew(type, target, options, to: &plan)
        }
    }

    private func addBind(_ target: String, _ options: MountOptions, to plan: inout Plan) {
        let propagation = options.propagation == 0 ? UInt64(MS_PRIVATE | MS_REC) : options.propagation
        let attributes = [
            options.set | options.recursiveSet, options.clear & ~options.set & ~1, options.recursiveSet != 0 ? 1 : 0, propagation,
        ]
        if let tree {
            plan.add(.bindTree, [plan.index(of: tree)] + attributes, [target])
        } else {
            plan.add(.bind, [options.isRecursiveBind ? 1 : 0] + attributes, [mount.source ?? "", target])
        }
    }

    private func addNew(_ type: String, _ target: String, _ options: MountOptions, to plan: inout Plan) {
        var strings = [type, target]
        if let source = mount.source, !source.isEmpty { strings += ["source", source] }
        // The read-only and access-time attributes belong to the mount; the file system gets only its own words.
        for (key, value) in options.data where key != "newinstance" { strings += [key, value] }
        let isKernelTree = ["/proc", "/sys", "/dev"].contains { target == $0 || target.hasPrefix($0 + "/") }
        // A tmpfs looks like the directory that it covers unless it is told otherwise: /root stays closed, /tmp open.
        let takesMode: [UInt64] = type == "tmpfs" && !options.data.contains { $0.key == "mode" } ? [1] : []
        plan.add(.mountNew, [options.set, isKernelTree ? 1 : 0] + takesMode, strings)
    }

    /// v2: the tree as the container's namespace shows it. v1: each hierarchy's own group of the container, side by side in a
    /// tmpfs, as Docker shows them.
    private func addCgroups(_ target: String, _ options: MountOptions, to plan: inout Plan) {
        if cgroups.isUnified {
            plan.add(.mountNew, [options.set, 1], ["cgroup2", target, "source", "cgroup"])
            return
        }
        let closed = UInt64(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
        plan.add(.mountNew, [closed, 1], ["tmpfs", target, "source", "tmpfs", "mode", "755"])
        for hierarchy in cgroups.hierarchies {
            plan.add(
                .bind, [0, options.set, 0, 0, UInt64(MS_PRIVATE)],
                [hierarchy.mountPoint + cgroupPath, "\(target)/\(hierarchy.name)"])
            for controller in hierarchy.controllers where hierarchy.controllers.count > 1 {
                plan.add(.symbolicLink, [], [hierarchy.name, "\(target)/\(controller)"])
            }
        }
    }

    /// Without `.`, `..` and double slashes; never above the root.
    static func clean(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}

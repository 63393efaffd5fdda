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
    /// Makes mounts on the host where the container may not or cannot make them itself; nil where it does.
    var hostMounts: HostMounts?
    /// SELinux label of new file systems; empty for none.
    var label = ""
    /// The mount's source, already opened; then no path of the host is looked up.
    var tree: OwnedDescriptor?

    /// Files of /proc that may be replaced; anything else there could fake what the kernel says (CVE-2019-16884).
    private static let replaceable: Set<String> = [
        "/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps", "/proc/uptime", "/proc/loadavg",
        "/proc/slabinfo",
        "/proc/net/dev", "/proc/sys/kernel/ns_last_pid", "/proc/sys/crypto/fips_enabled",
    ]

    func add(to plan: inout Plan) throws {
        let target = Self.clean(mount.destination)
        let options = MountOptions(mount.options ?? [])
        let type = mount.type ?? ""
        // A relative destination is one below `/`, as it was before version 1.0 of the specification.
        guard !mount.destination.isEmpty, target != "/" else {
            throw GantryError.invalid("invalid mount destination `\(mount.destination)`")
        }
        if target == "/proc" || target.hasPrefix("/proc/"), type != "proc", !Self.replaceable.contains(target),
            !(target == "/proc" && options.isBind && mount.source == "/proc")
        {
            throw GantryError.invalid("\"\(target)\" cannot be mounted because it is inside /proc")
        }
        if options.isBind || type == "bind" || type == "none" || type == "rbind" {
            try addBind(target, options, recursive: options.isRecursiveBind || type == "rbind", to: &plan)
        } else if type == "cgroup" || type == "cgroup2" {
            addCgroups(target, options, to: &plan)
        } else {
            try addNew(type, target, options, to: &plan)
        }
    }

    private func addBind(_ target: String, _ options: MountOptions, recursive: Bool, to plan: inout Plan) throws {
        guard let source = mount.source, !source.isEmpty else { throw GantryError.invalid("the bind on `\(target)` has no source") }
        try Self.refuseData(options, of: "a bind", target)
        guard !options.copiesUp else { throw GantryError.invalid("`tmpcopyup` of the mount on `\(target)` needs a new tmpfs") }
        let propagation = options.propagation == 0 ? UInt64(MS_PRIVATE | MS_REC) : options.propagation
        let (top, all) = (options.attributes, options.recursive)
        // One call when all attributes concern the whole tree, or none does.
        let isUniform = all.set == 0 && all.clear == 0 || top.set & ~all.set == 0 && top.clear & ~all.clear & ~1 == 0
        let isRecursive = isUniform && (all.set != 0 || all.clear != 0)
        let change = isRecursive ? all : top
        let numbers = [
            change.set, isRecursive ? change.kernelClear : change.kernelClear & ~MountOptions.readOnly, isRecursive ? 1 : 0,
            propagation,
        ]
        if let tree = try self.tree ?? hostMounts?.tree(for: mount, source: source, recursive: recursive, idMap: options.idMap) {
            plan.add(.bindTree, [plan.index(of: tree)] + numbers, [target])
        } else {
            plan.add(.bind, [recursive ? 1 : 0] + numbers, [source, target])
        }
        if !isUniform { plan.add(.changeMount, [all.set, all.kernelClear, 1, 0], [target]) }
    }

    private func addNew(_ type: String, _ target: String, _ options: MountOptions, to plan: inout Plan) throws {
        guard !type.isEmpty else {
            throw GantryError.invalid("the mount on `\(target)` has neither a type nor `bind` among its options")
        }
        guard options.idMap == .none, mount.uidMappings == nil, mount.gidMappings == nil else {
            throw GantryError.unsupported("the mount on `\(target)` cannot map ids: only binds can")
        }
        if options.data.contains(where: { $0.key == "remount" }) {
            throw GantryError.unsupported("`remount` of `\(target)` is not supported: give the options to the mount itself")
        }
        guard !options.copiesUp || type == "tmpfs" else {
            throw GantryError.invalid("`tmpcopyup` of the mount on `\(target)` needs the type tmpfs")
        }
        var strings = [type, target]
        if let source = mount.source, !source.isEmpty { strings += ["source", source] }
        // The read-only and access-time attributes belong to the mount; the file system gets only its own words.
        for (key, value) in options.data where key != "newinstance" { strings += [key, value] }
        if !label.isEmpty, ["tmpfs", "devpts", "mqueue", "ramfs"].contains(type) { strings += ["context", label] }
        let isKernelTree = ["/proc", "/sys", "/dev"].contains { target == $0 || target.hasPrefix($0 + "/") }
        // A tmpfs looks like the directory that it covers unless it is told otherwise: /root stays closed, /tmp open.
        let takesMode: [UInt64] = type == "tmpfs" && !options.data.contains { $0.key == "mode" } ? [1] : []
        plan.add(
            options.copiesUp ? .mountCopy : .mountNew, [options.attributes.set, isKernelTree ? 1 : 0] + takesMode, strings)
        // A new mount is private and has nothing below it.
        let kind = options.propagation & UInt64(MS_SHARED | MS_UNBINDABLE)
        let all = options.recursive
        if kind != 0 || all.set != 0 || all.clear != 0 { plan.add(.changeMount, [all.set, all.kernelClear, 0, kind], [target]) }
    }

    /// What concerns a whole file system cannot be asked of one more view of it.
    private static func refuseData(_ options: MountOptions, of kind: String, _ target: String) throws(GantryError) {
        if let (key, value) = options.data.first {
            throw .invalid("\(kind) on `\(target)` cannot have the option `\(value.isEmpty ? key : "\(key)=\(value)")`")
        }
    }

    /// v2: the tree as the container's namespace shows it. v1: each hierarchy's own group of the container, side by side in a
    /// tmpfs, as Docker shows them.
    private func addCgroups(_ target: String, _ options: MountOptions, to plan: inout Plan) {
        if cgroups.isUnified {
            plan.add(.mountNew, [options.attributes.set, 1], ["cgroup2", target, "source", "cgroup"])
            return
        }
        let closed = UInt64(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
        plan.add(.mountNew, [closed, 1], ["tmpfs", target, "source", "tmpfs", "mode", "755"])
        for hierarchy in cgroups.hierarchies {
            plan.add(
                .bind, [0, options.attributes.set, 0, 0, UInt64(MS_PRIVATE)],
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

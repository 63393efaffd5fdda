internal import CLinux
internal import Essentials
internal import LinuxSystem
package import OCI
internal import Synchronization

/// The host's control groups and the ones of our containers in them.
///
/// Which version the host has is decided once. On hybrid hosts (v1 controllers beside a v2 tree) the v1 controllers are used.
package final class CgroupHost: Sendable {
    package let layout: CgroupLayout
    /// By container: the path below the mount points, such as `/gantry/<id>`.
    private let paths = Mutex<[String: String]>([:])

    package static let defaultParent = "/gantry"

    package init() throws {
        layout = CgroupLayout(mountInfo: try FileSystem.readText("/proc/self/mountinfo"))
        guard layout.isUnified || !layout.hierarchies.isEmpty else {
            throw GantryError.unsupported("the host has no control groups mounted", hint: "mount cgroup2 on /sys/fs/cgroup")
        }
    }

    /// `1` or `2`, as the Engine API shows it.
    package var version: String { layout.isUnified ? "2" : "1" }

    // MARK: Paths

    /// Remembers where a container's groups are.
    func register(_ id: String, path: String) { paths.withLock { $0[id] = path } }
    func unregister(_ id: String) { _ = paths.withLock { $0.removeValue(forKey: id) } }

    func path(of id: String) -> String { paths.withLock { $0[id] } ?? "\(Self.defaultParent)/\(id)" }

    /// A path that is clean and does not lead out of the tree.
    /// - Parameter cgroupsPath: of the specification; nil for the default.
    static func path(_ cgroupsPath: String?, id: String) throws(GantryError) -> String {
        guard let cgroupsPath, !cgroupsPath.isEmpty else { return "\(defaultParent)/\(id)" }
        if cgroupsPath.contains(":") {
            // `slice:prefix:name`, systemd's form: without systemd's own interface it is a directory like any other.
            let parts = cgroupsPath.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3 else { throw .invalid("cgroup path `\(cgroupsPath)` is not of the form slice:prefix:name") }
            return try path("/\(parts[0].isEmpty ? "system.slice" : parts[0])/\(parts[1])-\(parts[2]).scope", id: id)
        }
        let parts = cgroupsPath.split(separator: "/")
        guard !parts.isEmpty, !parts.contains(".."), !parts.contains(".") else {
            throw .invalid("invalid cgroup path `\(cgroupsPath)`")
        }
        return "/" + parts.joined(separator: "/")
    }

    /// The directory of each hierarchy (one on v2) for a container.
    func directories(_ id: String) -> [String] {
        let path = path(of: id)
        if layout.isUnified { return [layout.unified! + path] }
        return layout.hierarchies.map { $0.mountPoint + path }
    }

    /// The directory where a controller of the container is set, nil when the host lacks the controller.
    func directory(_ id: String, controller: String) -> String? {
        if layout.isUnified { return layout.unified! + path(of: id) }
        return layout.mountPoint(of: controller).map { $0 + path(of: id) }
    }

    /// The file of a v1 group that a process with one thread enters by writing `0`.
    ///
    /// Not `cgroup.procs`: whoever writes there waits some 10 ms for all processors to notice that no process may fork meanwhile,
    /// while a thread that moves itself alone waits for nobody (kernel, kernel/cgroup/cgroup.c, cgroup_procs_write_start).
    static func entrance(_ directory: String) -> String { "\(directory)/tasks" }

    /// The file with the line `oom_kill N`.
    func outOfMemoryFile(_ id: String) -> String? {
        directory(id, controller: "memory").map { $0 + (layout.isUnified ? "/memory.events" : "/memory.oom_control") }
    }

    // MARK: Making and limiting

    /// Makes the container's groups and sets its limits. Undone by ``remove(_:)``.
    /// - Throws: `unsupported` for a limit that the host cannot give.
    func create(_ id: String, resources: RuntimeSpecification.Resources?) throws {
        if layout.isUnified { try enableControllers(for: path(of: id)) }
        for directory in directories(id) { try FileSystem.makeDirectories(directory) }
        if let cpuset = directory(id, controller: "cpuset"), !layout.isUnified { try inheritProcessors(cpuset) }
        guard let resources else { return }
        try apply(layout.isUnified ? CgroupSettings.unified(resources) : CgroupSettings.legacy(resources), to: id)
        if !layout.isUnified { try apply(CgroupSettings.deviceRules(resources.devices ?? []), to: id) }
    }

    /// Changes limits of a running container; what `resources` does not name stays.
    package func update(_ id: String, _ resources: RuntimeSpecification.Resources) throws {
        var settings = layout.isUnified ? CgroupSettings.unified(resources) : CgroupSettings.legacy(resources)
        if !layout.isUnified, let swap = settings.firstIndex(where: { $0.file == "memory.memsw.limit_in_bytes" }),
            let limit = resources.memory?.limit, let memory = directory(id, controller: "memory"),
            let text = try? FileSystem.readText(memory + "/memory.memsw.limit_in_bytes"), let now = Int64(text.filter(\.isNumber)),
            limit > now
        {
            // Memory may not exceed memory and swap together, not even for the moment between two writes.
            settings.insert(settings.remove(at: swap), at: 0)
        }
        try apply(settings, to: id)
    }

    private func apply(_ settings: [CgroupSetting], to id: String) throws {
        for setting in settings {
            guard let directory = directory(id, controller: setting.controller), FileSystem.exists("\(directory)/\(setting.file)")
            else {
                if setting.isOptional { continue }
                throw GantryError.unsupported(
                    "\(setting.purpose) cannot be set: the host has no `\(setting.file)`",
                    hint: "enable the cgroup controller `\(setting.controller)` in the host's kernel, or leave the limit out")
            }
            do { try FileSystem.writeControl("\(directory)/\(setting.file)", setting.value) } catch {
                if setting.isOptional { continue }
                throw GantryError.invalid("\(setting.purpose) cannot be set to `\(setting.value)`", cause: error)
            }
        }
    }

    /// v1: a new group's sets are empty, and nothing can run in it until they are not.
    private func inheritProcessors(_ directory: String) throws {
        let root = layout.mountPoint(of: "cpuset")!
        var current = root
        for part in directory.dropFirst(root.count).split(separator: "/") {
            let parent = current
            current += "/\(part)"
            for file in ["cpuset.cpus", "cpuset.mems"]
            where try FileSystem.readText("\(current)/\(file)").allSatisfy(\.isWhitespace) {
                let value = try FileSystem.readText("\(parent)/\(file)").filter { !$0.isWhitespace }
                if !value.isEmpty { try FileSystem.writeControl("\(current)/\(file)", value) }
            }
        }
    }

    /// v2: controllers are handed down level by level, as many as each level has.
    private func enableControllers(for path: String) throws {
        var current = layout.unified!
        for part in path.split(separator: "/") {
            let available = Set(try FileSystem.readText("\(current)/cgroup.controllers").split(whereSeparator: \.isWhitespace))
            let enabled = Set(try FileSystem.readText("\(current)/cgroup.subtree_control").split(whereSeparator: \.isWhitespace))
            for controller in available.subtracting(enabled) {
                // Refused where processes live in the level itself; a limit that then lacks its file says so.
                try? FileSystem.writeControl("\(current)/cgroup.subtree_control", "+\(controller)")
            }
            current += "/\(part)"
            try FileSystem.makeDirectories(current)
        }
    }
}

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
    package let driver: CgroupDriver
    /// By container: the path below the mount points, such as `/gantry/<id>`.
    private let paths = Mutex<[String: String]>([:])
    /// By container: what holds a scope open until the container's own process is in it.
    private let placeholders = Mutex<[String: ScopePlaceholder]>([:])
    /// Of ``features()``, once it was asked.
    let knownFeatures = Mutex<CgroupFeatures?>(nil)

    package static let defaultParent = "/gantry"

    /// - Throws: `unsupported` for a host without control groups, or without systemd where its driver is asked for.
    package init(driver: CgroupDriver = .cgroupfs) throws {
        layout = CgroupLayout(mountInfo: try FileSystem.readText("/proc/self/mountinfo"))
        self.driver = driver
        guard layout.isUnified || !layout.hierarchies.isEmpty else {
            throw GantryError.unsupported("the host has no control groups mounted", hint: "mount cgroup2 on /sys/fs/cgroup")
        }
        if driver == .systemd { try SystemdManager.requireRunning() }
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
    func path(_ cgroupsPath: String?, id: String) throws(GantryError) -> String {
        if driver == .systemd { return try ScopeName(cgroupsPath, id: id).path }
        return try Self.path(cgroupsPath, id: id)
    }

    static func path(_ cgroupsPath: String?, id: String) throws(GantryError) -> String {
        guard let cgroupsPath, !cgroupsPath.isEmpty else { return "\(defaultParent)/\(id)" }
        // `slice:prefix:name`, systemd's form: without systemd's own interface it is a directory like any other.
        if cgroupsPath.contains(":") { return try ScopeName(cgroupsPath, id: id).path }
        let parts = cgroupsPath.split(separator: "/")
        guard !parts.isEmpty, !parts.contains(".."), !parts.contains("."), !cgroupsPath.utf8.contains(0) else {
            throw .invalid("invalid cgroup path `\(cgroupsPath)`")
        }
        return "/" + parts.joined(separator: "/")
    }

    /// The directory of each hierarchy (one on v2) for a container.
    func directories(_ id: String) -> [String] { layout.directories(path(of: id)) }

    /// The directory where a controller of the container is set, nil when the host lacks the controller.
    func directory(_ id: String, controller: String) -> String? { layout.directory(path(of: id), controller: controller) }

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
    /// - Throws: `unsupported` for a limit that the host cannot give, `invalid` for one that the kernel refuses.
    func create(_ id: String, resources: RuntimeSpecification.Resources?) throws {
        if driver == .systemd { try startScope(id, resources) }
        try makeDirectories(id)
        if let resources { try CgroupWriter(host: self, id: id).write(try settings(resources)) }
        try setDeviceRules(id, DeviceRules.effective(resources?.devices))
    }

    /// Makes the groups, without limits; those that are there stay as they are.
    func makeDirectories(_ id: String) throws {
        // systemd hands the controllers down to a delegated scope itself, and wants nobody else to write above it.
        if layout.isUnified, driver == .cgroupfs { try enableControllers(for: path(of: id)) }
        for directory in directories(id) { try FileSystem.makeDirectories(directory) }
        if let cpuset = directory(id, controller: "cpuset"), !layout.isUnified { try inheritProcessors(cpuset) }
    }

    /// Changes limits of a running container; what `resources` does not name stays. Either all are changed or none is.
    package func update(_ id: String, _ resources: RuntimeSpecification.Resources) throws {
        if resources.memory?.checkBeforeUpdate == true, let limit = resources.memory?.limit, limit > 0 {
            let usage = try statistics(id).memoryUsage
            guard usage <= UInt64(limit) else {
                throw GantryError.invalid("the memory limit cannot be set to \(limit): \(usage) bytes are in use")
            }
        }
        try CgroupWriter(host: self, id: id).replace(try settings(keepingQuota(id, resources)))
        if let rules = resources.devices { try setDeviceRules(id, DeviceRules.effective(rules)) }
        if driver == .systemd {
            let name = ScopeName(path: path(of: id)).unit
            try SystemdManager().setProperties(name, ScopeProperties.limits(resources, isUnified: layout.isUnified))
        }
    }

    private func settings(_ resources: RuntimeSpecification.Resources) throws(GantryError) -> [CgroupSetting] {
        layout.isUnified ? try CgroupSettings.unified(resources) : try CgroupSettings.legacy(resources)
    }

    /// v2 has quota and period in one file: a new period alone keeps the quota that is in force.
    private func keepingQuota(_ id: String, _ resources: RuntimeSpecification.Resources) throws -> RuntimeSpecification.Resources {
        guard layout.isUnified, resources.cpu?.period ?? 0 > 0, resources.cpu?.quota ?? 0 == 0,
            let directory = directory(id, controller: "cpu"), FileSystem.exists("\(directory)/cpu.max")
        else { return resources }
        var result = resources
        result.cpu?.quota = try FileSystem.readText("\(directory)/cpu.max").split(separator: " ").first.flatMap { Int64($0) }
        return result
    }

    private func setDeviceRules(_ id: String, _ rules: [RuntimeSpecification.DeviceRule]) throws {
        // Without root's rights the kernel takes no rules, and lets no device be opened that the user could not open anyhow.
        guard geteuid() == 0 else { return }
        if layout.isUnified { return try DeviceFilter.attach(try DeviceProgram(rules), to: directories(id)[0]) }
        try CgroupWriter(host: self, id: id).write(try CgroupSettings.deviceRules(rules))
    }

    // MARK: systemd

    /// Asks systemd for a scope at the container's path; a placeholder process holds it open.
    private func startScope(_ id: String, _ resources: RuntimeSpecification.Resources?) throws {
        let name = ScopeName(path: path(of: id))
        let placeholder = try ScopePlaceholder()
        try SystemdManager().startScope(
            name, processID: placeholder.processID,
            limits: ScopeProperties.limits(resources ?? RuntimeSpecification.Resources(), isUnified: layout.isUnified))
        placeholders.withLock { $0[id] = placeholder }
    }

    /// The container's first process is in its groups, or there will be none: nothing else has to hold them open. systemd ends a scope
    /// without processes by itself, and collects it.
    func isInhabited(_ id: String) { _ = placeholders.withLock { $0.removeValue(forKey: id) } }
}

/// Who makes the groups: we ourselves in the file system, or systemd at our request.
package enum CgroupDriver: String, Sendable { case cgroupfs, systemd }

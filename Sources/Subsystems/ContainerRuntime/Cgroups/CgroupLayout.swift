internal import LinuxSystem

/// Where the host's control groups are mounted. Source: kernel, cgroup-v1 and cgroup-v2; proc(5), mountinfo.
package struct CgroupLayout: Sendable, Equatable {
    /// A v1 hierarchy.
    package struct Hierarchy: Sendable, Equatable {
        /// Such as `memory`, or `name=systemd`; several when they share a hierarchy.
        package var controllers: [String]
        package var mountPoint: String

        /// The last part of the mount point, which containers see too.
        var name: String { mountPoint.split(separator: "/").last.map(String.init) ?? "cgroup" }
    }

    /// Empty on a host with cgroup v2 alone.
    package var hierarchies: [Hierarchy]
    /// nil when there is no v2 tree.
    package var unified: String?

    /// v2 counts only when no v1 controller is in use; a hybrid host is a v1 host.
    package var isUnified: Bool { hierarchies.isEmpty && unified != nil }

    package init(mountInfo: String) {
        hierarchies = []
        for line in mountInfo.split(separator: "\n") {
            let fields = line.split(separator: " ")
            // Optional fields end with a lone dash.
            guard let separator = fields.firstIndex(of: "-") else { continue }
            let (left, right) = (fields[..<separator], Array(fields[(separator + 1)...]))
            guard left.count >= 5, right.count >= 3 else { continue }
            let mountPoint = String(left[4])
            if right[0] == "cgroup2", unified == nil { unified = mountPoint }
            guard right[0] == "cgroup" else { continue }
            let known: Set<Substring> = [
                "rw", "ro", "xattr", "noprefix", "clone_children", "cpuset_v2_mode", "favordynmods", "nofavordynmods",
            ]
            let controllers = right[2].split(separator: ",").filter { !known.contains($0) && !$0.hasPrefix("release_agent=") }
            let hierarchy = Hierarchy(controllers: controllers.map(String.init), mountPoint: mountPoint)
            if !hierarchies.contains(where: { $0.controllers == hierarchy.controllers }) { hierarchies.append(hierarchy) }
        }
        // A v1 tree without a controller (systemd's own) beside v2 does not make a v1 host.
        if unified != nil, hierarchies.allSatisfy({ $0.controllers.allSatisfy { $0.hasPrefix("name=") } }) { hierarchies = [] }
    }

    /// The mount point of a v1 controller.
    func mountPoint(of controller: String) -> String? {
        hierarchies.first { $0.controllers.contains(controller) }?.mountPoint
    }

    /// The directory of `path` in each hierarchy; one on v2.
    package func directories(_ path: String) -> [String] {
        if isUnified, let unified { return [unified + path] }
        return hierarchies.map { $0.mountPoint + path }
    }

    /// The directory of `path` where a controller is set, nil when a v1 host lacks the controller.
    package func directory(_ path: String, controller: String) -> String? {
        if isUnified, let unified { return unified + path }
        return mountPoint(of: controller).map { $0 + path }
    }

    /// Whether a v2 host's kernel has the controller and no v1 hierarchy has taken it.
    func isAvailable(_ controller: String) -> Bool {
        guard let unified, let text = try? FileSystem.readText("\(unified)/cgroup.controllers") else { return false }
        return text.split(whereSeparator: \.isWhitespace).contains(Substring(controller))
    }
}

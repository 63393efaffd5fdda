internal import CLinux
internal import LinuxSystem

/// What a new group needs before it can be used, in each version.
extension CgroupHost {
    /// v1: a new group's sets are empty, and nothing can run in it until they are not.
    func inheritProcessors(_ directory: String) throws {
        guard let root = layout.mountPoint(of: "cpuset") else { return }
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
    func enableControllers(for path: String) throws {
        guard let root = layout.unified else { return }
        var current = root
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

internal import LinuxSystem

extension CgroupHost {
    /// Whether the container's processes have been stopped where they are; false without control groups.
    package func isFrozen(_ id: String) -> Bool {
        guard let directory = directory(id, controller: "freezer") else { return false }
        let (file, wanted) = layout.isUnified ? ("cgroup.freeze", "1") : ("freezer.state", "FROZEN")
        // A group that is gone has nothing in it that could be stopped.
        let text = (try? FileSystem.readText("\(directory)/\(file)", limit: 64)) ?? ""
        return text.split(whereSeparator: \.isWhitespace).first.map(String.init) == wanted
    }

    /// How many of the container's processes the kernel has ended for want of memory; 0 without control groups.
    package func outOfMemoryKills(_ id: String) -> UInt64 {
        guard let path = outOfMemoryFile(id), let text = try? FileSystem.readText(path, limit: 4096) else { return 0 }
        return Self.table(text)["oom_kill"] ?? 0
    }
}

import LinuxSystem

/// The places that a run makes in a container's root only to mount something on them. They are no change of the user's.
enum MountPoints {
    private static let standard = [
        "/dev", "/dev/console", "/dev/pts", "/dev/shm", "/dev/mqueue", "/proc", "/sys", "/etc/hostname", "/etc/hosts",
        "/etc/resolv.conf", "/.dockerenv", "/etc/mtab", InitProgram.destination, "/usr/sbin/docker-init",
    ]

    /// Bytes below an upper directory that a start has put there: of all stubs only the link `/etc/mtab` has any.
    static func bytes(in upper: String) -> Int64 {
        guard let target = try? FileSystem.readLink("\(upper)/etc/mtab"), target == "/proc/mounts" else { return 0 }
        return Int64(target.utf8.count)
    }

    /// Leaves out added mount points, and directories above them that changed for no other reason.
    static func remove(from changes: [FileChange], mounts: [String]) -> [FileChange] {
        let places = Set(standard + mounts)
        var rest = changes.filter { !($0.kind == .added && places.contains($0.path)) }
        let removed = changes.filter { $0.kind == .added && places.contains($0.path) }
        let parents = Set(removed.flatMap { ancestors(of: $0.path) })
        // Deepest first: a directory may be left with nothing but another one that goes.
        for path in parents.sorted(by: { $0.utf8.count > $1.utf8.count }) {
            guard !rest.contains(where: { $0.path.hasPrefix(path + "/") }) else { continue }
            rest.removeAll { $0.path == path && $0.kind != .deleted }
        }
        return rest
    }

    private static func ancestors(of path: String) -> [String] {
        var result: [String] = []
        var path = path[...]
        while let slash = path.lastIndex(of: "/"), slash != path.startIndex {
            path = path[..<slash]
            result.append(String(path))
        }
        return result
    }
}

extension [FileChange] {
    /// By path, what a directory lost after what it has. Source: recorded order of `docker diff`.
    var inListOrder: [FileChange] {
        func key(_ change: FileChange) -> [String] {
            let parts = change.path.split(separator: "/").map(String.init)
            // Sorts behind every other name of the same directory.
            return change.kind == .deleted ? parts.dropLast() + ["\u{10FFFF}" + (parts.last ?? "")] : parts
        }
        return map { (key($0), $0) }.sorted { $0.0.lexicographicallyPrecedes($1.0) }.map(\.1)
    }
}

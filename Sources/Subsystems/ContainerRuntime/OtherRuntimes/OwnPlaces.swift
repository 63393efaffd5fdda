internal import CLinux
internal import LinuxSystem

/// Where the shim mounts, for itself alone, what another program is to find by path: below a container's state directory.
struct OwnPlaces {
    let stateDirectory: String

    var root: String { "\(stateDirectory)/root" }
    func namespace(_ name: String) -> String { "\(stateDirectory)/\(name)" }
    func tree(_ index: Int) -> String { "\(stateDirectory)/trees/\(index)" }

    /// Of directories that lead to a place: some runtimes go there as the container's root, whom the host does not know.
    static let mode: UInt32 = 0o711

    /// Something to mount on.
    func make(_ path: String, isDirectory: Bool) throws {
        if isDirectory { return try FileSystem.makeDirectories(path, mode: Self.mode) }
        try FileSystem.makeDirectories(String(path[..<path.lastIndex(of: "/")!]), mode: Self.mode)
        try FileSystem.replace(path, with: "", mode: 0o600)
    }

    /// Of the mount that a directory is in.
    static func mountPoint(above directory: String) throws -> String {
        guard let real = realpath(directory, nil) else { throw SystemError.last("realpath", directory) }
        defer { free(real) }
        var path = String(cString: real)
        while path != "/" {
            if gantry_is_mount_point(path) == 1 { return path }
            let parent = path[..<path.lastIndex(of: "/")!]
            path = parent.isEmpty ? "/" : String(parent)
        }
        return path
    }
}

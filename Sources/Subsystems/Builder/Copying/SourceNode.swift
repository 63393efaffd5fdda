internal import LinuxSystem

/// A file or directory that a step copies, with what is below it and not left out.
final class SourceNode: @unchecked Sendable {
    // Unchecked: `children` is filled by the one thread that scans this directory, before anybody else reads it.
    /// Name in its directory.
    let name: [UInt8]
    /// Relative to the source's root.
    let path: String
    let status: FileStatus
    /// Where a symbolic link points.
    let linkTarget: [UInt8]
    var children: [SourceNode] = []
    /// Left out itself, but not everything below it.
    var isOnlyOnTheWay = false

    /// Of this and everything below; a client's folder itself has no time that counts.
    var newestTime: Int64 {
        let own = path.isEmpty || isOnlyOnTheWay ? 0 : status.modifiedAt
        return children.reduce(own) { max($0, $1.newestTime) }
    }

    init(name: [UInt8], path: String, status: FileStatus, linkTarget: [UInt8] = []) {
        self.name = name
        self.path = path
        self.status = status
        self.linkTarget = linkTarget
    }
}

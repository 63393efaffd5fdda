internal import CLinux
internal import Essentials
internal import Glibc

/// The file of a unix socket: nobody else's, and only for root and one group.
package struct UnixSocketFile: Sendable {
    package let path: String
    /// Owner of the file when it exists on this host; as Docker, whose clients are members of it.
    private static let groupName = "docker"

    package init(path: String) { self.path = path }

    /// Refuses a path where somebody listens or something else lies. A socket without a listener is left over and may be
    /// replaced. Makes missing folders above it.
    /// - Throws: `conflict`, `invalid`.
    package func prepare() throws {
        try makeParents()
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw GantryError.conflict("cannot listen on `\(path)`: a file that is no socket lies there")
        }
        guard try !hasListener() else {
            throw GantryError.conflict(
                "cannot listen on `\(path)`: another daemon listens there", hint: "stop it, or choose another -H")
        }
    }

    /// Mode 0660 and the group, once the socket is there.
    package func restrict() throws {
        guard chmod(path, 0o660) == 0 else { throw failure("restrict access to") }
        if let group = Self.group(), lchown(path, uid_t.max, group) != 0 {
            throw failure("give group `\(Self.groupName)` access to")
        }
    }

    /// Takes the file away when the server ends.
    package func remove() {
        // Gone already is as good.
        unlink(path)
    }

    private func makeParents() throws {
        let parts = path.split(separator: "/").dropLast()
        var folder = ""
        for part in parts {
            folder += "/" + part
            guard mkdir(folder, 0o755) == 0 || errno == EEXIST else { throw failure("make the folder of") }
        }
    }

    private func hasListener() throws -> Bool {
        let descriptor = gantry_connect_unix(path)
        if descriptor >= 0 { close(descriptor) }
        // A full backlog is a listener too.
        return descriptor >= 0 || errno == EAGAIN || errno == EINPROGRESS
    }

    private static func group() -> gid_t? {
        var record = Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        var buffer = [CChar](repeating: 0, count: 16 * 1024)
        guard getgrnam_r(groupName, &record, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return record.gr_gid
    }

    private func failure(_ what: String) -> GantryError {
        GantryError.unavailable("cannot \(what) `\(path)`: \(String(cString: strerror(errno)))")
    }
}

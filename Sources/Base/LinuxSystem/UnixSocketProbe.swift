internal import CLinux

/// Whether somebody listens at a unix socket.
package enum UnixSocketProbe {
    /// True when a connection to `path` is accepted; it is closed at once.
    package static func answers(at path: String) -> Bool {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        guard gantry_unix_address(path, &address) == 0 else { return false }
        return gantry_connect(descriptor, &address, MemoryLayout<sockaddr_un>.size) == 0
    }
}

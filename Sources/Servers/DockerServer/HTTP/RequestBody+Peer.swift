internal import CLinux
internal import Engine
internal import NIOCore

extension RequestBody {
    /// The process at the other end of a unix socket; nil over TCP, or when the kernel does not tell.
    ///
    /// The kernel's own handle of the process is preferred to its number, which may have gone to another one since (Linux 6.5).
    func peer() async -> PeerProcess? {
        guard let options = reader.stream.channel as? any SocketOptionProvider,
            let credentials: ucred = await option(SO_PEERCRED, options), credentials.pid > 0
        else { return nil }
        let handle: CInt = await option(CInt(77), options) ?? gantry_pidfd_open(credentials.pid, 0)
        guard handle >= 0 else { return nil }
        return PeerProcess(handle: handle, processID: credentials.pid, userID: credentials.uid)
    }

    /// Nil when the kernel does not know the option or the connection is gone: both mean that there is no peer to ask.
    private func option<Value: Sendable>(_ name: CInt, _ options: any SocketOptionProvider) async -> Value? {
        try? await options.unsafeGetSocketOption(level: .socket, name: NIOBSDSocket.Option(rawValue: name)).get()
    }
}

import CLinux
import Essentials
import Glibc
import LinuxSystem

/// Where a log service listens, as the kernel takes it.
struct LogServiceAddress: Sendable, Equatable {
    var bytes: [UInt8]
    var isStream: Bool

    /// The journal's socket. Source: systemd, "Native Journal Protocol".
    static let journalPath = "/run/systemd/journal/socket"
    /// Where C libraries look for the local syslog.
    private static let localPaths = ["/dev/log", "/var/run/syslog", "/var/run/log"]

    /// Finds the service and makes sure that it answers. Blocks for a name server or a connection.
    /// - Throws: `unavailable` in Docker's words.
    static func find(_ address: SyslogOptions.Address) throws -> LogServiceAddress {
        switch address {
        case .local:
            for path in localPaths {
                for isStream in [false, true] {
                    if let found = try? unix(path, isStream: isStream), (try? found.probe("unix", path)) != nil { return found }
                }
            }
            throw failure("Unix syslog delivery error")
        case .unix(let path, let isStream):
            let found = try unix(path, isStream: isStream)
            try found.probe(isStream ? "unix" : "unixgram", path)
            return found
        case .network(let host, let port, let isStream):
            let found = try network(host, port, isStream: isStream)
            // A datagram needs no listener.
            if isStream { try found.probe("tcp", host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)") }
            return found
        }
    }

    static func findJournal() throws -> LogServiceAddress {
        let found = try unix(journalPath, isStream: false)
        do { try found.probe("unixgram", journalPath) } catch { throw failure("journald is not enabled on this host") }
        return found
    }

    static func unix(_ path: String, isStream: Bool) throws -> LogServiceAddress {
        var address = sockaddr_un()
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { throw failure("`\(path)` is too long") }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return LogServiceAddress(bytes: withUnsafeBytes(of: &address) { Array($0) }, isStream: isStream)
    }

    private static func network(_ host: String, _ port: UInt16, isStream: Bool) throws -> LogServiceAddress {
        var hints = addrinfo()
        hints.ai_socktype = CInt((isStream ? SOCK_STREAM : SOCK_DGRAM).rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        defer { if list != nil { freeaddrinfo(list) } }
        guard code == 0, let first = list?.pointee, let address = first.ai_addr else {
            throw failure("dial \(isStream ? "tcp" : "udp"): lookup \(host): \(String(cString: gai_strerror(code)))")
        }
        let raw = UnsafeRawBufferPointer(start: address, count: Int(first.ai_addrlen))
        return LogServiceAddress(bytes: Array(raw), isStream: isStream)
    }

    /// Connects once.
    private func probe(_ network: String, _ name: String) throws {
        let family = CInt(bytes[0]) | CInt(bytes[1]) << 8
        let type = CInt((isStream ? SOCK_STREAM : SOCK_DGRAM).rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let probe = OwnedDescriptor(try check("socket") { socket(family, type, 0) })
        // A host that answers nothing must not hold the start up for minutes.
        var patience = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(probe.raw, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let result = bytes.withUnsafeBytes { raw in raw.baseAddress.map { gantry_connect(probe.raw, $0, raw.count) } ?? -1 }
        guard result != 0 else { return }
        let reason = SystemError.last("connect").reason
        throw Self.failure("dial \(network) \(name): connect: \(reason)")
    }

    private static func failure(_ reason: String) -> GantryError {
        .unavailable("failed to create task for container: failed to initialize logging driver: \(reason)")
    }
}

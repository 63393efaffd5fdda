internal import CLinux
package import LinuxSystem

/// Raw sockets bound where the calling thread's network namespace is.
package enum BoundSocket {
    /// A non-blocking socket bound to an address; TCP ones listen.
    package static func open(_ address: IPAddress, port: UInt16, isStream: Bool) throws(SystemError) -> OwnedDescriptor {
        let type =
            Int32((isStream ? SOCK_STREAM : SOCK_DGRAM).rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let family = address.family == .v4 ? AF_INET : AF_INET6
        let place = address.family == .v4 ? "\(address):\(port)" : "[\(address)]:\(port)"
        let descriptor = OwnedDescriptor(try check("socket", place) { socket(family, type, 0) })
        var on: CInt = 1
        if isStream {
            try check("setsockopt", place) {
                setsockopt(descriptor.raw, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<CInt>.size))
            }
        }
        if address.family == .v6 {
            try check("setsockopt", place) {
                setsockopt(descriptor.raw, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &on, socklen_t(MemoryLayout<CInt>.size))
            }
        }
        let name = encode(address, port)
        try check("bind", place) { name.withUnsafeBytes { gantry_bind(descriptor.raw, $0.baseAddress, $0.count) } }
        if isStream { try check("listen", place) { listen(descriptor.raw, 4096) } }
        return descriptor
    }

    /// A copy of the descriptor for a library that closes what it is given.
    package static func handOver(_ descriptor: OwnedDescriptor) throws(SystemError) -> CInt {
        try check("dup") { gantry_fcntl(descriptor.raw, F_DUPFD_CLOEXEC, 0) }
    }

    /// Connects a socket, waiting when it is a blocking one.
    package static func connect(_ descriptor: OwnedDescriptor, to address: IPAddress, port: UInt16) throws(SystemError) {
        let name = encode(address, port)
        try check("connect", "\(address)") { name.withUnsafeBytes { gantry_connect(descriptor.raw, $0.baseAddress, $0.count) } }
    }

    /// Laid out by hand: family in host order, port and address in network order (ip(7), ipv6(7)).
    private static func encode(_ address: IPAddress, _ port: UInt16) -> [UInt8] {
        var bytes = withUnsafeBytes(of: UInt16(address.family.rawValue)) { Array($0) }
        bytes += withUnsafeBytes(of: port.bigEndian) { Array($0) }
        if address.family == .v6 { bytes += [0, 0, 0, 0] }
        bytes += address.bytes
        return bytes + [UInt8](repeating: 0, count: (address.family == .v4 ? 16 : 28) - bytes.count)
    }
}

internal import CLinux
package import LinuxSystem
internal import Synchronization

/// A blocking rtnetlink socket of the network namespace in which its thread was when it was made. One request at a time.
package final class RouteSocket: Sendable {
    private let descriptor: OwnedDescriptor
    /// The sequence number of the last request; held during a request, which is a matter of microseconds in the kernel.
    private let sequence = Mutex<UInt32>(0)

    package init() throws(SystemError) {
        descriptor = OwnedDescriptor(
            try check("socket", "netlink") {
                socket(AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), NETLINK_ROUTE)
            })
        var size: CInt = 1 << 20
        setsockopt(descriptor.raw, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<CInt>.size))
        var on: CInt = 1
        setsockopt(descriptor.raw, SOL_NETLINK, NETLINK_EXT_ACK, &on, socklen_t(MemoryLayout<CInt>.size))
    }

    /// Sends one request and waits for its acknowledgement.
    /// - Throws: ``SystemError`` whose call is `what` and whose argument is `subject`.
    package func perform(_ what: String, _ subject: String, _ message: NetlinkMessage) throws(SystemError) {
        _ = try exchange(what, subject, message)
    }

    /// Sends a request and gathers all answers: type and payload behind the netlink header.
    func exchange(
        _ what: String, _ subject: String, _ message: NetlinkMessage
    ) throws(SystemError) -> [(type: UInt16, body: ArraySlice<UInt8>)] {
        try sequence.withLock { sequence throws(SystemError) in
            sequence &+= 1
            let bytes = message.finished(sequence: sequence)
            try check(what, subject) { bytes.withUnsafeBytes { send(descriptor.raw, $0.baseAddress, $0.count, 0) } }
            var answers: [(type: UInt16, body: ArraySlice<UInt8>)] = []
            while try receive(what, subject, sequence: sequence, into: &answers) {}
            return answers
        }
    }

    /// Reads one datagram. - Returns: whether more is to come.
    private func receive(
        _ what: String, _ subject: String, sequence: UInt32, into answers: inout [(type: UInt16, body: ArraySlice<UInt8>)]
    ) throws(SystemError) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = try check(what, subject) { buffer.withUnsafeMutableBytes { recv(descriptor.raw, $0.baseAddress, $0.count, 0) } }
        var rest = buffer[..<count]
        while rest.count >= 16 {
            let length = Int(rest.loadInteger(at: 0, as: UInt32.self)!)
            guard length >= 16, length <= rest.count else { throw SystemError(what, subject, errno: EBADMSG) }
            let type = rest.loadInteger(at: 4, as: UInt16.self)!
            let body = rest.dropFirst(16).prefix(length - 16)
            if rest.loadInteger(at: 8, as: UInt32.self)! == sequence {
                if type == UInt16(NLMSG_DONE) { return false }
                if type == UInt16(NLMSG_ERROR) {
                    guard let code = body.loadInteger(at: 0, as: Int32.self) else {
                        throw SystemError(what, subject, errno: EBADMSG)
                    }
                    if code != 0 { throw SystemError(what, subject, errno: -code) }
                    return false
                }
                answers.append((type, Array(body)[...]))
            }
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return true
    }
}

/// Flags of a request, as the kernel spells them.
enum RequestFlags {
    static let change = UInt16(NLM_F_REQUEST | NLM_F_ACK)
    static let create = UInt16(NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)
    static let replace = UInt16(NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE)
    static let dump = UInt16(NLM_F_REQUEST | NLM_F_DUMP)
}

internal import CLinux
internal import Essentials
internal import Glibc
internal import LinuxSystem

/// A connection to a D-Bus peer on a unix socket.
struct BusConnection {
    private let socket: OwnedDescriptor

    /// Connects and authenticates as this process's user.
    init(path: String) throws {
        socket = OwnedDescriptor(
            try check("socket") { CLinux.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0) })
        var address = sockaddr_un()
        try check("sockaddr_un", path) { gantry_unix_address(path, &address) }
        try check("connect", path) { gantry_connect(socket.raw, &address, MemoryLayout<sockaddr_un>.size) }
        // systemd answers in milliseconds; one that does not in half a minute is stuck.
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            try check("setsockopt") { setsockopt(socket.raw, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size)) }
        }
        // The user's number in decimal, and that text in hexadecimal.
        let user = "\(geteuid())".utf8.map { "3\($0 - 48)" }.joined()
        try socket.writeAll(Array("\0AUTH EXTERNAL \(user)\r\n".utf8))
        let answer = try readLine()
        guard answer.hasPrefix("OK ") else { throw GantryError.unavailable("systemd refuses the connection: `\(answer)`") }
        try socket.writeAll(Array("BEGIN\r\n".utf8))
    }

    private func readLine() throws -> String {
        var line: [UInt8] = []
        while !line.suffix(2).elementsEqual([13, 10]), line.count < 512 { line += try read(1) }
        return String(decoding: line.dropLast(2), as: UTF8.self)
    }

    /// Calls a method of systemd's manager.
    /// - Parameter isJob: the answer names a job, whose end is waited for.
    func call(_ member: String, _ signature: String, _ body: BusWriter, serial: UInt32, isJob: Bool) throws {
        var call = BusMessage(.call, serial: serial)
        call.destination = "org.freedesktop.systemd1"
        call.path = "/org/freedesktop/systemd1"
        call.interface = "org.freedesktop.systemd1.Manager"
        call.member = member
        call.signature = signature
        call.body = body.bytes
        try send(call)
        var ended: [String: String] = [:]
        var job: String?
        while true {
            let message = try receive()
            if message.answersTo == serial {
                var reader = BusReader(message.body)
                guard message.kind == .answer else {
                    throw BusError(name: message.errorName, text: message.signature.hasPrefix("s") ? try reader.string() : "")
                }
                guard isJob else { return }
                job = try reader.string()
            } else if message.kind == .signal, message.member == "JobRemoved" {
                // Number, job, unit, result; it may come before the answer.
                var reader = BusReader(message.body)
                _ = try reader.unsigned()
                let path = try reader.string()
                _ = try reader.string()
                ended[path] = try reader.string()
            }
            guard let job, let result = ended[job] else { continue }
            guard result == "done" else { throw BusError(name: result, text: "the job ended as `\(result)`") }
            return
        }
    }

    /// Waits for systemd to forget a unit.
    /// - Returns: false when it has not in the given time.
    func awaitRemoval(of unit: String, within limit: Duration) throws -> Bool {
        let end = ContinuousClock.now + limit
        while true {
            let rest = (end - ContinuousClock.now) / .milliseconds(1)
            var entry = pollfd(fd: socket.raw, events: Int16(POLLIN), revents: 0)
            let ready = poll(&entry, 1, CInt(clamping: Int(max(0, rest.rounded(.up)))))
            if ready < 0, gantry_errno() == EINTR { continue }
            guard ready > 0 else { return false }
            let message = try receive()
            guard message.kind == .signal, message.member == "UnitRemoved" else { continue }
            var reader = BusReader(message.body)
            if try reader.string() == unit { return true }
        }
    }

    func send(_ message: BusMessage) throws { try socket.writeAll(message.bytes) }

    func receive() throws -> BusMessage {
        let start = try read(16)
        return try BusMessage(start + (try read(try BusMessage.length(start) - 16)))
    }

    private func read(_ count: Int) throws -> [UInt8] {
        var result = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let part = try result.withUnsafeMutableBytes {
                try socket.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[filled...]))
            }
            guard part > 0 else { throw GantryError.unavailable("systemd closed the connection") }
            filled += part
        }
        return result
    }
}

internal import CLinux
internal import Essentials
internal import LinuxSystem

/// Asks the host's systemd over its own socket, one connection for each request. Blocks until systemd has answered.
/// Source: org.freedesktop.systemd1(5), Manager; D-Bus specification, Authentication Protocol.
struct SystemdManager {
    /// The socket that systemd has beside the message bus: it works without a running bus, for root only.
    static let socketPath = "/run/systemd/private"
    /// systemd's own sign that it is the host's init. Source: sd_booted(3).
    private static let bootedPath = "/run/systemd/system"

    /// - Throws: `unsupported` when systemd is not the host's init.
    static func requireRunning() throws(GantryError) {
        guard FileSystem.exists(bootedPath), FileSystem.exists(socketPath) else {
            throw .unsupported(
                "the systemd cgroup driver needs systemd as the host's init: `\(bootedPath)` or `\(socketPath)` is missing",
                hint: "use the cgroupfs driver, which is the default")
        }
    }

    /// Makes the scope and waits until it is there.
    func startScope(_ name: ScopeName, processID: Int32, limits: [UnitProperty]) throws {
        var body = BusWriter()
        body.string(name.unit)
        // One of the same name that runs is an error.
        body.string("fail")
        body.array(alignment: 8) { writer in
            for property in ScopeProperties.scope(name, processID: processID, limits: limits) { writer.property(property) }
        }
        body.array(alignment: 8) { _ in }
        // An earlier scope of the same name may just be ending: nothing tells when systemd has collected it.
        let end = ContinuousClock.now + .seconds(2)
        while true {
            do {
                return try perform("StartTransientUnit", "ssa(sv)a(sa(sv))", body, isJob: true)
            } catch let error as BusError where error.name == "org.freedesktop.systemd1.UnitExists" {
                guard ContinuousClock.now < end else { throw error }
                usleep(10_000)
            }
        }
    }

    /// Changes limits of a unit until the next boot.
    func setProperties(_ unit: String, _ properties: [UnitProperty]) throws {
        guard !properties.isEmpty else { return }
        var body = BusWriter()
        body.string(unit)
        body.boolean(true)
        body.array(alignment: 8) { writer in for property in properties { writer.property(property) } }
        try perform("SetUnitProperties", "sba(sv)", body)
    }

    /// - Parameter isJob: the answer names a job, whose end is waited for.
    private func perform(_ member: String, _ signature: String, _ body: BusWriter, isJob: Bool = false) throws {
        do {
            let connection = try BusConnection(path: Self.socketPath)
            var call = BusMessage(.call, serial: 1)
            call.destination = "org.freedesktop.systemd1"
            call.path = "/org/freedesktop/systemd1"
            call.interface = "org.freedesktop.systemd1.Manager"
            call.member = member
            call.signature = signature
            call.body = body.bytes
            try connection.send(call)
            var ended: [String: String] = [:]
            var job: String?
            while true {
                let message = try connection.receive()
                if message.answersTo == 1 {
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
        } catch let error as BusError {
            throw error
        } catch {
            throw GantryError.unavailable("systemd did not perform \(member)", cause: error)
        }
    }
}

/// systemd refuses a request.
struct BusError: Error, CustomStringConvertible {
    var name: String
    var text: String

    var description: String { "systemd refuses: \(text.isEmpty ? name : text)" }
}

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

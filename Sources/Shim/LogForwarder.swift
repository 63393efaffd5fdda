import CLinux

/// Sends lines to a log service's socket as it takes them.
///
/// While the service is away lines are kept up to the limit and then dropped; while it is there but slow the container waits for it,
/// unless lines may be dropped (`mode=non-blocking`).
final class LogForwarder {
    struct Line {
        var text: UnsafeBufferPointer<UInt8>
        /// 0 standard output, 1 standard error.
        var stream: Int
        /// A piece of a line of more than 16 KiB.
        var isPart: Bool
        var ended: Bool
        /// Nanoseconds since 1970.
        var moment: Int64
    }

    private let message: LogMessage
    /// A `sockaddr` of the right family.
    private let address: [UInt8]
    private let isStream: Bool
    private let mayDrop: Bool
    /// Bytes that may wait.
    private let limit: Int
    private(set) var socket: CInt = -1
    /// Messages, each after its length (4 bytes).
    private let queue = Bytes()
    /// Of the queue: sent already.
    private var position = 0
    /// Of the message at ``position``: sent already, on a stream.
    private var sent = 0
    /// Milliseconds of the clock before which no new connection is tried.
    private var nextAttempt: Int64 = 0

    /// Milliseconds between attempts to connect.
    private static let retryInterval: Int64 = 1000
    /// Milliseconds that the service has to take what is left at the end, and that it has when lines may be dropped.
    private static let farewell: Int64 = 3000
    private static let shortFarewell: Int64 = 200

    init(message: LogMessage, address: [UInt8], isStream: Bool, mayDrop: Bool, limit: Int) {
        self.message = message
        self.address = address
        self.isStream = isStream
        self.mayDrop = mayDrop
        self.limit = limit
    }

    var isPending: Bool { position < queue.count }
    private var waiting: Int { queue.count - position }
    var isFull: Bool { !mayDrop && socket >= 0 && waiting >= limit }
    /// Somebody must call ``send()`` later though no descriptor tells when.
    var waitsForService: Bool { isPending && socket < 0 }

    func add(_ line: Line) {
        if waiting >= limit && (mayDrop || socket < 0) { return send() }
        let text = message.encode(line)
        queue.append(number: UInt32(text.count))
        queue.append(text)
        send()
    }

    /// Sends as much as the service takes now.
    func send() {
        while isPending {
            if socket < 0 && !connect() { return }
            let length = Int(queue.base[position]) | Int(queue.base[position + 1]) << 8 | Int(queue.base[position + 2]) << 16
            let count = gantry_send(socket, queue.base + position + 4 + sent, length - sent, 0)
            if count >= 0 {
                sent += count
                if !isStream || sent == length { pass(length) }
                continue
            }
            switch gantry_errno() {
            case EINTR: continue
            case EAGAIN: return
            case EMSGSIZE: pass(length)
            // Of a datagram before: nobody listened. This one is lost too if nobody does now.
            case ECONNREFUSED where !isStream && address[0] != UInt8(AF_UNIX): pass(length)
            default: disconnect()
            }
        }
        queue.removeAll()
        position = 0
    }

    private func pass(_ length: Int) {
        position += 4 + length
        sent = 0
        guard position > 65536, position < queue.count else { return }
        queue.removeFirst(position)
        position = 0
    }

    private func connect() -> Bool {
        let now = Clock.milliseconds()
        guard now >= nextAttempt else { return false }
        nextAttempt = now + Self.retryInterval
        let type = (isStream ? CInt(SOCK_STREAM.rawValue) : CInt(SOCK_DGRAM.rawValue))
        let family = CInt(address[0]) | CInt(address[1]) << 8
        socket = CLinux.socket(family, type | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
        guard socket >= 0 else { return false }
        let result = address.withUnsafeBytes { gantry_connect(socket, $0.baseAddress!, $0.count) }
        if result == 0 || gantry_errno() == EINPROGRESS { return true }
        disconnect()
        return false
    }

    private func disconnect() {
        if socket >= 0 { close(socket) }
        socket = -1
        // A message that was cut off is sent again as a whole.
        sent = 0
    }

    /// The end of the container: what waits is given a moment.
    func finish() {
        let end = Clock.milliseconds() + (mayDrop ? Self.shortFarewell : Self.farewell)
        send()
        while isPending && Clock.milliseconds() < end {
            var entry = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
            _ = poll(&entry, 1, 100)
            send()
        }
    }
}

/// A line in the words of its service.
struct LogMessage {
    enum Kind: UInt64 { case plain = 0, rfc3164 = 1, rfc5424 = 2, rfc5424Microseconds = 3, journal = 4 }

    var kind: Kind
    /// Facility times eight.
    var facility: Int64
    /// For the journal: the fields that all messages share, encoded.
    var tag: [UInt8]
    var hostName: [UInt8]

    /// Severities: informational for standard output, error for standard error.
    private static let severity: [Int64] = [6, 3]

    func encode(_ line: LogForwarder.Line) -> [UInt8] {
        if kind == .journal { return journal(line) }
        var result = bytes("<") + decimal(facility + Self.severity[line.stream]) + bytes(">")
        let processID = decimal(Int64(getpid()))
        switch kind {
        case .plain, .rfc3164, .journal:
            Calendar.appendStamp(line.moment, to: &result)
            if kind == .rfc3164 { result += [32] + hostName }
            result += [32] + tag + bytes("[") + processID + bytes("]: ")
        case .rfc5424, .rfc5424Microseconds:
            result += bytes("1 ")
            Calendar.appendLocal(line.moment, microseconds: kind == .rfc5424Microseconds, to: &result)
            result += [32] + hostName + [32] + tag + [32] + processID + [32] + tag + bytes(" - ")
        }
        result += line.text
        result.append(10)
        return result
    }

    /// Source: systemd, "Native Journal Protocol": a value that may hold newlines follows its length.
    private func journal(_ line: LogForwarder.Line) -> [UInt8] {
        var result = tag + bytes("PRIORITY=") + decimal(Self.severity[line.stream]) + bytes("\nSYSLOG_TIMESTAMP=")
        Calendar.appendRFC3339(line.moment, to: &result)
        result.append(10)
        if line.isPart { result += line.ended ? bytes("CONTAINER_PARTIAL_LAST=true\n") : bytes("CONTAINER_PARTIAL_MESSAGE=true\n") }
        result += bytes("MESSAGE\n")
        PlanCoding.append(UInt64(line.text.count), to: &result)
        result += line.text
        result.append(10)
        return result
    }
}

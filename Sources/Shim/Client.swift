import CLinux

/// One connection to the shim's socket.
final class Client {
    let socket: CInt
    var incoming: [UInt8] = []
    private(set) var outgoing: [UInt8] = []
    private var sent = 0
    var attached: UInt8 = 0
    /// The other side has closed its half, or asked for standard input's end.
    var inputEnded = false
    var isGone = false
    /// Waits for the outcome of a release.
    var awaitsRelease = false
    /// When bytes were last taken by the other side, while some are waiting.
    private var lastProgress: Int64 = 0

    /// Bytes waiting for a client beyond which nothing more is read from the container.
    static let backlogLimit = 128 << 10
    /// Milliseconds without progress after which a client with a full backlog is given up.
    static let patience: Int64 = 30_000

    init(socket: CInt) { self.socket = socket }

    deinit { close(socket) }

    var pending: Int { outgoing.count - sent }
    var isSlow: Bool { pending > Self.backlogLimit }

    func send(_ kind: FrameKind, _ payload: [UInt8] = []) {
        if isGone { return }
        if pending == 0 { lastProgress = Clock.milliseconds() }
        outgoing += Frame.encode(kind, payload)
        write()
    }

    /// Sends as much as the other side takes now.
    func write() {
        while sent < outgoing.count && !isGone {
            let count = outgoing.withUnsafeBytes {
                gantry_send(socket, $0.baseAddress! + sent, $0.count - sent, 0)
            }
            if count > 0 {
                sent += count
                lastProgress = Clock.milliseconds()
            } else if count < 0 && gantry_errno() == EINTR {
                continue
            } else {
                if gantry_errno() != EAGAIN { isGone = true }
                break
            }
        }
        if sent == outgoing.count {
            outgoing.removeAll(keepingCapacity: outgoing.capacity <= 65536)
            sent = 0
        } else if sent > 65536 {
            outgoing.removeFirst(sent)
            sent = 0
        }
    }

    /// Reads what has come; false when the other side sends no more.
    func read() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 16384)
        let count = buffer.withUnsafeMutableBytes { gantry_receive(socket, $0.baseAddress, $0.count, 0) }
        if count > 0 {
            incoming += buffer[..<count]
            return true
        }
        return count < 0 && (gantry_errno() == EAGAIN || gantry_errno() == EINTR)
    }

    func giveUpIfStuck(_ now: Int64) {
        if isSlow && now - lastProgress > Self.patience { isGone = true }
    }
}

import CLinux

/// One connection to the shim's socket.
final class Client {
    let socket: CInt
    var incoming: [UInt8] = []
    private let outgoing = Bytes()
    private var sent = 0
    var attached: UInt8 = 0
    /// Attached before the program ran: the container waits for it as for the reader of a pipe. Others are onlookers, who are
    /// given up when they take nothing for too long.
    var isPartOfPipeline = false
    /// The other side has closed its half, or asked for standard input's end.
    var inputEnded = false
    var isGone = false
    /// Given up rather than gone by itself.
    private(set) var wasDropped = false
    /// Waits for the outcome of a release.
    var awaitsRelease = false
    /// When bytes were last taken by the other side, while some are waiting.
    private(set) var lastProgress: Int64 = 0

    /// Bytes waiting for a client beyond which nothing more is read from the container.
    private static let backlogLimit = 512 << 10
    /// Milliseconds without progress after which an onlooker with a full backlog is given up.
    private static let patience: Int64 = 5000

    init(socket: CInt) { self.socket = socket }

    deinit { close(socket) }

    var pending: Int { outgoing.count - sent }
    var isSlow: Bool { pending > Self.backlogLimit }

    func send(_ kind: FrameKind, _ payload: [UInt8] = []) { payload.withUnsafeBufferPointer { send(kind, $0) } }

    /// - Parameter payload: at most ``Frame/maximumPayload`` bytes.
    func send(_ kind: FrameKind, _ payload: UnsafeBufferPointer<UInt8>) {
        if isGone { return }
        if pending == 0 { lastProgress = Clock.milliseconds() }
        outgoing.append(kind.rawValue)
        for _ in 0..<3 { outgoing.append(0 as UInt8) }
        outgoing.append(number: UInt32(payload.count))
        outgoing.append(payload)
        write()
    }

    /// Sends as much as the other side takes now.
    func write() {
        while sent < outgoing.count && !isGone {
            let count = gantry_send(socket, outgoing.base + sent, outgoing.count - sent, 0)
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
            outgoing.removeAll()
            sent = 0
        } else if sent > Self.backlogLimit {
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
        guard !isPartOfPipeline, isSlow, now - lastProgress > Self.patience else { return }
        isGone = true
        wasDropped = true
    }
}

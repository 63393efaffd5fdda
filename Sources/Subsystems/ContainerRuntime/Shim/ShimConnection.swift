internal import CLinux
internal import Essentials
internal import LinuxSystem
internal import ShimProtocol
internal import Synchronization

/// One connection to a shim's socket. Reading and writing may go on at the same time, each by one caller.
final class ShimConnection: Sendable {
    private let socket: OwnedDescriptor
    private struct Incoming {
        var bytes: [UInt8] = []
        /// Of `bytes`: handed on already.
        var position = 0
    }

    private let incoming = Mutex(Incoming())

    /// The socket's name is relative to the state directory, whose path may be longer than an address can hold.
    init(stateDirectory: String) throws(SystemError) {
        let directory = try OwnedDescriptor.open(stateDirectory, O_PATH | O_DIRECTORY)
        socket = OwnedDescriptor(try check("connect", stateDirectory) { gantry_connect_unix("\(directory.procPath)/shim.sock") })
    }

    /// The next frame; nil at the end.
    /// - Throws: `CancellationError`, ``SystemError``, `internal` when the other side does not keep to the format.
    func next() async throws -> (FrameKind, [UInt8])? {
        while true {
            if let frame = try takeFrame() { return frame }
            var chunk = [UInt8](repeating: 0, count: 65536)
            let count = chunk.withUnsafeMutableBytes { gantry_receive(socket.raw, $0.baseAddress, $0.count, 0) }
            if count > 0 {
                incoming.withLock { incoming in
                    incoming.bytes.removeFirst(incoming.position)
                    incoming.position = 0
                    incoming.bytes += chunk[..<count]
                }
            } else if count == 0 || gantry_errno() == ECONNRESET {
                return nil
            } else if gantry_errno() == EAGAIN {
                try await DescriptorPoller.shared.waitReadable(socket)
            } else if gantry_errno() != EINTR {
                throw SystemError.last("recv")
            }
        }
    }

    private func takeFrame() throws -> (FrameKind, [UInt8])? {
        try incoming.withLock { incoming in
            switch Frame.header(incoming.bytes[incoming.position...]) {
            case .incomplete: return nil
            case .malformed: throw GantryError.internal("a shim sent what is not a frame")
            case .frame(let kind, let length):
                let start = incoming.position + Frame.headerSize
                guard incoming.bytes.count >= start + length else { return nil }
                incoming.position = start + length
                return (kind, Array(incoming.bytes[start..<start + length]))
            }
        }
    }

    func send(_ kind: FrameKind, _ payload: [UInt8] = []) async throws {
        let bytes = Frame.encode(kind, payload)
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { gantry_send(socket.raw, $0.baseAddress! + done, $0.count - done, 0) }
            if count >= 0 {
                done += count
            } else if gantry_errno() == EAGAIN {
                try await DescriptorPoller.shared.waitWritable(socket)
            } else if gantry_errno() != EINTR {
                throw SystemError.last("send")
            }
        }
    }

    /// Sends a request and waits for its answer; output that comes before is none of this connection's.
    /// - Returns: the answer: `done` or `report`; nil when the process has ended.
    func request(_ kind: FrameKind, _ payload: [UInt8] = []) async throws -> (FrameKind, [UInt8])? {
        try await send(kind, payload)
        while let (kind, payload) = try await next() {
            if kind == .done || kind == .report { return (kind, payload) }
            if kind == .exited { return nil }
        }
        return nil
    }

    /// Wakes a reader with the end of the stream.
    func shutDown() { _ = shutdown(socket.raw, CInt(SHUT_RDWR)) }
}

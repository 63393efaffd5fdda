import CLinux
import Essentials
import LinuxSystem

/// An ssh agent of our own for keys in files: lists them and signs with them, nothing else. It ends with the process.
/// Source: draft-miller-ssh-agent, sections 3 and 4.
final class KeyAgent: Sendable {
    private enum Kind {
        static let failure: UInt8 = 5, listRequest: UInt8 = 11, list: UInt8 = 12, signRequest: UInt8 = 13, signature: UInt8 = 14
    }

    /// Longer messages are not an ssh client's.
    private static let largestMessage = 256 << 10

    private let keys: [(key: SSHKey, name: String)]
    private let listener: OwnedDescriptor
    /// The socket, without a name in any directory: who has the descriptor can connect.
    let socket: OwnedDescriptor

    /// - Parameter paths: of private keys.
    init(paths: [String], temporary: String) throws {
        keys = try paths.map { (try SSHKeyFile.key(try FileSystem.readText($0, limit: 1 << 20), path: $0), $0) }
        let folder = "\(temporary)/gantry-agent-\(Identifier.randomHex(bytes: 8))"
        try check("mkdir", folder) { mkdir(folder, 0o700) }
        defer { rmdir(folder) }
        // A socket's address has room for 107 bytes; through an open directory any path is short.
        let directory = try OwnedDescriptor.open(folder, O_PATH | O_DIRECTORY)
        let raw = gantry_listen_unix("\(directory.procPath)/s")
        guard raw >= 0 else { throw SystemError.last("bind", folder) }
        listener = OwnedDescriptor(raw)
        defer { unlink("\(folder)/s") }
        socket = try OwnedDescriptor.open("\(folder)/s", O_PATH)
        // Held by its thread until the process ends: a build may ask at any time.
        Task.detached { [self] in try await BlockingWork.run { self.accept() } }
    }

    private func accept() {
        while true {
            var waiting = pollfd(fd: listener.raw, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, -1) >= 0 || gantry_errno() == EINTR else { return }
            let raw = gantry_accept(listener.raw)
            guard raw >= 0 else { continue }
            let client = OwnedDescriptor(raw)
            Task.detached { [self] in try await BlockingWork.run { self.serve(client) } }
        }
    }

    /// Until the client goes, or says something that is no message.
    private func serve(_ client: OwnedDescriptor) {
        while let head = Self.receive(client, 4) {
            let length = head.reduce(0) { $0 << 8 | Int($1) }
            guard (1...Self.largestMessage).contains(length), let message = Self.receive(client, length) else { return }
            var answer = SSHWriter()
            answer.string(reply(message))
            guard Self.send(client, answer.bytes) else { return }
        }
    }

    /// The answer to one message; what is not offered fails.
    func reply(_ message: [UInt8]) -> [UInt8] {
        var writer = SSHWriter()
        do {
            var reader = SSHReader(message)
            switch try reader.byte() {
            case Kind.listRequest:
                writer.byte(Kind.list)
                writer.number(UInt32(keys.count))
                for (key, name) in keys {
                    writer.string(key.blob)
                    writer.text(name)
                }
            case Kind.signRequest:
                let (blob, data, flags) = (try reader.string(), try reader.string(), try reader.number())
                guard let key = keys.first(where: { $0.key.blob == blob })?.key else { return [Kind.failure] }
                writer.byte(Kind.signature)
                writer.string(try key.signature(of: data, flags: flags))
            default: return [Kind.failure]
            }
        } catch { return [Kind.failure] }
        return writer.bytes
    }

    // MARK: Bytes

    private static func wait(_ client: OwnedDescriptor, _ events: Int32) -> Bool {
        var waiting = pollfd(fd: client.raw, events: Int16(events), revents: 0)
        return poll(&waiting, 1, -1) > 0 || gantry_errno() == EINTR
    }

    private static func receive(_ client: OwnedDescriptor, _ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let more = bytes[filled...].withUnsafeMutableBytes { gantry_receive(client.raw, $0.baseAddress, $0.count, 0) }
            if more > 0 {
                filled += Int(more)
            } else if more == 0 || (gantry_errno() != EAGAIN && gantry_errno() != EINTR) || !wait(client, POLLIN) {
                return nil
            }
        }
        return bytes
    }

    private static func send(_ client: OwnedDescriptor, _ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { gantry_send(client.raw, $0.baseAddress, $0.count, 0) }
            if count > 0 {
                rest = rest.dropFirst(Int(count))
            } else if (gantry_errno() != EAGAIN && gantry_errno() != EINTR) || !wait(client, POLLOUT) {
                return false
            }
        }
        return true
    }
}

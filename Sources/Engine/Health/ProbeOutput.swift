import Synchronization

/// What a health check printed, bounded: what comes after the limit is read and dropped.
final class ProbeOutput: Sendable {
    /// Bytes. Source: `cli.md` §2.2, health check.
    static let limit = 4096
    private static let mark = Array("...".utf8)

    private struct State {
        var bytes: [UInt8] = []
        var isCut = false
    }

    private let state = Mutex(State())

    func add(_ chunk: [UInt8]) {
        state.withLock { state in
            let room = Self.limit - state.bytes.count
            state.bytes.append(contentsOf: chunk.prefix(room))
            if chunk.count > room { state.isCut = true }
        }
    }

    /// At most ``limit`` bytes; three points stand at the end of what was cut.
    var text: String {
        state.withLock { state in
            let bytes = state.isCut ? state.bytes.prefix(Self.limit - Self.mark.count) + Self.mark : state.bytes[...]
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}

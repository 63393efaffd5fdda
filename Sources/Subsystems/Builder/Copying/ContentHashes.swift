internal import LinuxSystem
internal import Synchronization

/// What is known of files by inode, size and change time, kept from build to build so that a file is read once.
///
/// The change time moves with content, mode, owner and attributes, and no program can set it. Two generations bound the
/// memory: what was not asked for while a whole generation filled up is forgotten.
package final class ContentHashes: Sendable {
    struct Identity: Hashable {
        var device: UInt64
        var inode: UInt64
        var size: Int64
        /// When it was changed last, or made.
        var stamp: Int64

        init(_ status: FileStatus) { self.init(status, stamp: status.changedAt) }

        /// Of a file that is never written again: it may get further names, which move the change time.
        init(ofLayer status: FileStatus) { self.init(status, stamp: status.bornAt ?? status.changedAt) }

        private init(_ status: FileStatus, stamp: Int64) {
            device = status.device
            inode = status.inode
            size = status.size
            self.stamp = stamp
        }
    }

    private struct State {
        var young: [Identity: String] = [:]
        var old: [Identity: String] = [:]
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: files of one generation.
    package init(capacity: Int = 150_000) { self.capacity = capacity }

    func value(_ identity: Identity) -> String? {
        state.withLock { state in
            if let value = state.young[identity] { return value }
            guard let value = state.old[identity] else { return nil }
            Self.insert(identity, value, capacity, &state)
            return value
        }
    }

    func keep(_ value: String, for identity: Identity) {
        state.withLock { Self.insert(identity, value, capacity, &$0) }
    }

    private static func insert(_ identity: Identity, _ value: String, _ capacity: Int, _ state: inout State) {
        if state.young.count >= capacity {
            state.old = state.young
            state.young = [:]
        }
        state.young[identity] = value
    }
}

internal import Essentials
internal import LinuxSystem

/// What is known of files by inode, size and change time, kept from build to build so that a file is read once.
///
/// The change time moves with content, mode, owner and attributes, and no program can set it.
package final class ContentHashes: Sendable {
    struct Identity: Hashable, Sendable {
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

    private let values: RecentValues<Identity, String>

    /// - Parameter capacity: files of one generation.
    package init(capacity: Int = 150_000) { values = RecentValues(capacity: capacity) }

    func value(_ identity: Identity) -> String? { values[identity] }
    func keep(_ value: String, for identity: Identity) { values.keep(value, for: identity) }
}

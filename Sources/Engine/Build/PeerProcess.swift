import CLinux
import Essentials
import LinuxSystem

/// The process of a client on this machine, which may hand over what it has opened.
package final class PeerProcess: Sendable {
    private let handle: OwnedDescriptor
    private let processID: Int32
    private let userID: UInt32

    /// - Parameter handle: a pidfd, owned from now on.
    package init(handle: Int32, processID: Int32, userID: UInt32) {
        self.handle = OwnedDescriptor(handle)
        self.processID = processID
        self.userID = userID
    }

    /// A copy of the peer's descriptor `number`.
    ///
    /// Only for a peer of our own user: we would read below a directory what another user, who opened it, could not.
    /// - Parameter claimed: the process that the client says it is. Another one is somebody who only passes bytes on.
    /// - Throws: `unsupported` when it cannot be taken.
    func descriptor(_ wanted: PassedDescriptor, claimed: Int32?) throws -> OwnedDescriptor {
        guard userID == geteuid(), claimed == processID else { throw Self.refusal(nil) }
        let raw = gantry_pidfd_getfd(handle.raw, wanted.number)
        guard raw >= 0 else { throw Self.refusal(SystemError.last("pidfd_getfd")) }
        let descriptor = OwnedDescriptor(raw)
        let status = try descriptor.status()
        guard status.device == wanted.device, status.inode == wanted.inode else { throw Self.refusal(nil) }
        return descriptor
    }

    static func refusal(_ cause: (any Error)?) -> GantryError {
        .unsupported(
            "\(PassedDescriptor.refusal): they need a client of the same user on the same machine", cause: cause)
    }
}

/// A descriptor of a client's process, and what is behind it there.
package struct PassedDescriptor: Sendable, Hashable {
    /// Begins the message of a refusal.
    package static let refusal = "descriptors of this client cannot be taken"

    package var number: Int32
    package var device: UInt64
    package var inode: UInt64

    package init(number: Int32, device: UInt64, inode: UInt64) {
        self.number = number
        self.device = device
        self.inode = inode
    }
}

package import Essentials

/// How a container's first process, or an exec's, ended.
package struct ExitRecord: Sendable, Equatable {
    /// 128 + the signal's number when a signal ended it.
    package var exitCode: Int32
    package var signal: Int32?
    /// The kernel killed something of the container for want of memory.
    package var outOfMemory: Bool
    package var finishedAt: Timestamp
    /// Nobody saw the end: the shim was killed, and its process with it.
    package var isLost: Bool

    package init(
        exitCode: Int32, signal: Int32? = nil, outOfMemory: Bool = false, finishedAt: Timestamp, isLost: Bool = false
    ) {
        self.exitCode = exitCode
        self.signal = signal
        self.outOfMemory = outOfMemory
        self.finishedAt = finishedAt
        self.isLost = isLost
    }

    /// The end of a process whose shim left no record.
    package static func lost() -> ExitRecord { ExitRecord(exitCode: 137, signal: 9, finishedAt: .now(), isLost: true) }
}

/// What is left of a container or exec after the daemon was away.
package enum ReconnectedProcess: Sendable {
    case running(ShimProcess)
    case exited(ExitRecord)
    /// Its shim is gone and left no record: the host restarted, or someone killed it.
    case lost
}

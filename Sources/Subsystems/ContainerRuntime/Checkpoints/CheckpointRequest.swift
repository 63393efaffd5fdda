/// What is asked of criu, at both ends, beside what the container's own form decides. Source: criu(8); runc's options.
package struct CheckpointOptions: Sendable, Equatable {
    /// Connections that are open stay so.
    package var establishedTCP = false
    /// Locks on files are taken again.
    package var fileLocks = false
    /// Unix sockets whose other end is outside are let be.
    package var externalUnixSockets = false
    /// The first process may belong to a session of the caller's.
    package var shellJob = false
    /// The network namespace is made empty at the restore.
    package var emptyNetwork = false
    /// `soft`, `full` or `strict`.
    package var controlGroups = "soft"

    package init() {}

    var arguments: [String] {
        var result = ["--manage-cgroups=\(controlGroups)"]
        for (name, isSet) in [
            ("--tcp-established", establishedTCP), ("--file-locks", fileLocks), ("--ext-unix-sk", externalUnixSockets),
            ("--shell-job", shellJob),
        ] where isSet { result.append(name) }
        if emptyNetwork { result += ["--empty-ns", "net"] }
        return result
    }
}

/// All that ``ShimRuntime/checkpoint(_:processID:_:)`` needs to know.
package struct CheckpointRequest: Sendable {
    /// A directory that is there, for the images.
    package var directory: String
    /// Where criu writes its log.
    package var workDirectory: String
    /// Else the processes are killed once all is written.
    package var leavesRunning = false
    /// The network namespace is somebody else's to make.
    package var hasOwnNetwork = true
    package var options = CheckpointOptions()

    package init(directory: String, workDirectory: String? = nil) {
        self.directory = directory
        self.workDirectory = workDirectory ?? directory
    }
}

/// Where a container begins that goes on from a checkpoint.
package struct RestoreRequest: Sendable {
    package var directory: String
    /// Where criu writes its log; nil: the container's state directory.
    package var workDirectory: String?
    package var options = CheckpointOptions()

    package init(directory: String, workDirectory: String? = nil) {
        self.directory = directory
        self.workDirectory = workDirectory
    }
}

package import LinuxSystem
package import OCI

/// What the first process has as standard input, output and error.
package struct StandardStreams: Sendable, Equatable {
    package var terminal: Bool
    package var consoleSize: RuntimeSpecification.ConsoleSize?
    /// False: standard input is `/dev/null` (without a terminal).
    package var openStdin: Bool
    /// Standard input is closed when the first attached client that sends input has closed its side.
    package var stdinOnce: Bool

    package init(
        terminal: Bool = false, consoleSize: RuntimeSpecification.ConsoleSize? = nil, openStdin: Bool = false,
        stdinOnce: Bool = false
    ) {
        self.terminal = terminal
        self.consoleSize = consoleSize
        self.openStdin = openStdin
        self.stdinOnce = stdinOnce
    }
}

/// Standard streams that are someone else's, who then also minds the process: the shim ends once it runs, and no exit is recorded.
/// For use as an OCI runtime beneath another engine.
package struct InheritedStreams: Sendable {
    /// 0, 1 and 2; unused with a terminal.
    package var standard: [OwnedDescriptor]
    /// A connected socket that gets the terminal's master.
    package var consoleSocket: OwnedDescriptor?

    package init(standard: [OwnedDescriptor], consoleSocket: OwnedDescriptor? = nil) {
        self.standard = standard
        self.consoleSocket = consoleSocket
    }
}

/// The file in which output is kept.
package struct LogFile: Sendable, Equatable {
    /// One JSON object per line as Docker's `json-file` driver writes it, or the shim's own compact records.
    package enum Format: UInt64, Sendable { case jsonLines = 0, records = 1 }

    package var path: String
    package var format: Format
    /// Bytes at which the file is rotated; nil for never.
    package var maxSize: Int64?
    /// Files kept in all, at least 1.
    package var maxFiles: Int
    /// Told with each line; as JSON, or empty.
    package var attributes: String
    /// Bytes that may wait for the disk before lines are dropped; nil: the container waits for the disk.
    package var dropsAfter: Int64?

    package init(path: String, format: Format = .jsonLines, maxSize: Int64? = nil, maxFiles: Int = 1, attributes: String = "") {
        self.path = path
        self.format = format
        self.maxSize = maxSize
        self.maxFiles = maxFiles
        self.attributes = attributes
    }
}

/// A socket that gets the output too, line by line.
package struct LogService: Sendable, Equatable {
    /// How a message looks: as the C library's `syslog` writes it to the local service, as an RFC says, or as the journal takes it.
    package enum Kind: UInt64, Sendable { case plain = 0, rfc3164 = 1, rfc5424 = 2, rfc5424Microseconds = 3, journal = 4 }

    package var kind: Kind
    /// A `sockaddr`.
    package var address: [UInt8]
    package var isStream: Bool
    /// Syslog's number of the facility.
    package var facility: Int
    package var tag: String
    package var hostName: String
    /// Lines may be dropped when the service is slow; else the container waits.
    package var mayDrop: Bool
    /// Bytes that may wait for the service.
    package var bufferSize: Int

    package init(
        kind: Kind, address: [UInt8], isStream: Bool, facility: Int = 0, tag: String, hostName: String = "", mayDrop: Bool = false,
        bufferSize: Int = 256 << 10
    ) {
        self.kind = kind
        self.address = address
        self.isStream = isStream
        self.facility = facility
        self.tag = tag
        self.hostName = hostName
        self.mayDrop = mayDrop
        self.bufferSize = bufferSize
    }
}

/// All that ``ShimRuntime/start(_:)`` needs to know of a container.
package struct ContainerStart: Sendable {
    package var id: String
    package var specification: RuntimeSpecification
    package var root: RootFileSystem
    /// Sources of bind mounts as detached trees by destination, for places that a container could change under a path.
    package var trees: [String: OwnedDescriptor]
    /// Joined when given; otherwise the specification's network namespace entry decides.
    package var networkNamespace: OwnedDescriptor?
    /// Joined when given, in place of the specification's; the root's and the trees' ids are mapped for it already.
    package var userNamespace: OwnedDescriptor?
    /// The maps of ``userNamespace``: what another runtime needs to know of it.
    package var idMappings: IDMappings?
    package var stdio: StandardStreams
    package var log: LogFile?
    package var logService: LogService?
    /// The program is held back until ``ShimProcess/release()``, so that an attach made before gets the very first byte.
    package var hold: Bool
    package var inherited: InheritedStreams?
    /// ``ShimRuntime/prepare(container:cgroupsPath:)`` was called before.
    package var isPrepared = false
    /// What hooks are told as the container's bundle.
    package var bundle = ""
    /// A session keyring of the container's own.
    package var newKeyring = false
    /// The program gets these as 3, 4 and so on.
    package var preserved: [OwnedDescriptor] = []
    /// For hosts whose root is the initial ramdisk, which pivot_root refuses to leave. The host's mounts stay, covered.
    package var movesRoot = false
    /// The container goes on from here instead of beginning.
    package var restore: RestoreRequest?
    /// Makes the container in our stead; its root is then a tree.
    package var runtime: OtherRuntime?

    package init(
        id: String, specification: RuntimeSpecification, root: RootFileSystem, trees: [String: OwnedDescriptor] = [:],
        networkNamespace: OwnedDescriptor? = nil, stdio: StandardStreams = StandardStreams(), log: LogFile? = nil,
        hold: Bool = false
    ) {
        self.id = id
        self.specification = specification
        self.root = root
        self.trees = trees
        self.networkNamespace = networkNamespace
        self.stdio = stdio
        self.log = log
        self.hold = hold
    }
}

/// All that ``ShimRuntime/exec(_:)`` needs to know of a further process in a running container.
package struct ExecStart: Sendable {
    /// Of the container.
    package var id: String
    package var execID: String
    /// Of the container's first process, in the host's pid namespace.
    package var initProcessID: Int32
    package var process: RuntimeSpecification.Process
    package var seccomp: LinuxSeccomp?
    package var stdio: StandardStreams
    /// As ``ContainerStart/hold``.
    package var hold: Bool
    package var inherited: InheritedStreams?
    /// The container has a user namespace other than ours.
    package var hasUserNamespace = false
    package var hasTimeNamespace = false
    /// A control group below the container's own; empty for its own.
    package var subgroup = ""
    /// The program gets these as 3, 4 and so on.
    package var preserved: [OwnedDescriptor] = []
    /// What a filter's listener is told; needed for a profile that notifies.
    package var state: HookState?

    package init(
        id: String, execID: String, initProcessID: Int32, process: RuntimeSpecification.Process, seccomp: LinuxSeccomp? = nil,
        stdio: StandardStreams = StandardStreams(), hold: Bool = false
    ) {
        self.id = id
        self.execID = execID
        self.initProcessID = initProcessID
        self.process = process
        self.seccomp = seccomp
        self.stdio = stdio
        self.hold = hold
    }
}

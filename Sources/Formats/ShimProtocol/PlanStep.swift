/// One thing for the shim to do: an operation with its integers and byte strings.
///
/// Compiled into the daemon and, by a symbolic link, into the Embedded Swift shim: no `String`, no existentials, no Foundation.
package struct PlanStep: Equatable, Sendable {
    package var operation: PlanOperation
    package var numbers: [UInt64]
    package var strings: [[UInt8]]

    package init(_ operation: PlanOperation, numbers: [UInt64] = [], strings: [[UInt8]] = []) {
        self.operation = operation
        self.numbers = numbers
        self.strings = strings
    }
}

/// What a step does, with its numbers and strings in order. Descriptors are named by their index among the inherited ones.
/// Steps up to and including `fork` are the shim's own; those after it are the child's.
package enum PlanOperation: UInt16, Sendable {
    /// strings: path. Becomes the working directory; the socket and the exit record go there.
    case stateDirectory = 1
    /// numbers: terminal, open stdin, stdin once, 1 to leave the process alone once it runs.
    case streams = 2
    /// numbers: bytes until rotation or 0, files kept, 0 for JSON lines or 1 for records, bytes that may wait for the disk before lines
    /// are dropped or 0 to wait for the disk; strings: path, attributes: a JSON member with a comma after it for lines, an object for
    /// records, or empty.
    case log = 3
    /// strings: path of memory.events or memory.oom_control.
    case outOfMemoryFile = 4
    /// numbers: descriptor. Children are born in that pid namespace.
    case enterProcessNamespace = 5
    /// numbers: CLONE_NEW… flags; strings: directory of a v2 cgroup or empty.
    case fork = 6
    /// strings: paths of `tasks`.
    case enterCgroups = 7
    /// numbers: descriptor, CLONE_NEW… flags.
    case enterNamespace = 8
    /// numbers: CLONE_NEW… flags.
    case unshare = 9
    /// numbers: MS_… flags for everything below `/`.
    case propagation = 10
    /// numbers: descriptor of a mounted tree that hangs nowhere, 1 to cut the mount point off from its peers; strings: mount point.
    case rootTree = 11
    /// numbers: unused, 1 to cut off; strings: mount point, path.
    case rootBind = 12
    /// numbers: MOUNT_ATTR_…, 1 to refuse links on the way to the target, optionally 1 to give the file system's root the mode of
    /// the directory that it covers; strings: type, target, then pairs of key and value (an empty value makes the key a flag).
    case mountNew = 13
    /// numbers: recursive, attributes to set, attributes to clear, attributes apply recursively, MS_… propagation;
    /// strings: source on the host, target.
    case bind = 14
    /// numbers: mode with type, major, minor, user, group; strings: target, path on the host to bind when mknod is refused.
    case device = 15
    /// strings: content, path.
    case symbolicLink = 16
    /// strings: path.
    case mask = 17
    /// strings: path.
    case readOnly = 18
    /// strings: path below /proc/sys, value.
    case sysctl = 19
    /// strings: name.
    case hostName = 20
    /// strings: name.
    case domainName = 21
    /// numbers: MOUNT_ATTR_…; strings: mount point.
    case setAttributes = 22
    /// numbers: MS_… propagation for the new root or 0, then nothing or 1 to move the root over the host's in place of pivot_root.
    case pivotRoot = 23
    /// numbers: resource, soft, hard.
    case resourceLimit = 24
    /// strings: text.
    case outOfMemoryScore = 25
    /// numbers: columns, rows (both 0 to leave the size), 1 to make /dev/console, user, 1 + descriptor of a socket that gets the
    /// master instead of the shim, or 0.
    case terminal = 26
    /// numbers: user, then nothing or three descriptors that take the place of the shim's pipes. They become 0, 1 and 2.
    case pipes = 27
    /// strings: path. Makes the directory if it can be made.
    case makeDirectory = 28
    /// strings: path.
    case workingDirectory = 29
    /// numbers: user, group, umask, bounding capabilities, then supplementary groups.
    case identity = 30
    /// numbers: SECCOMP_FILTER_FLAG_…; strings: filter.
    case seccomp = 31
    case noNewPrivileges = 32
    /// numbers: effective, permitted, inheritable, ambient.
    case capabilities = 33
    /// Tells the daemon and waits to be released.
    case hold = 34
    /// numbers: count of arguments; strings: arguments, then environment.
    case execute = 35
    // 40 and up: asked for by few containers.
    /// numbers: 1 to let the daemon look into the process meanwhile, which of the daemon's parts it is. Waits until it is done.
    case awaitDaemon = 40
    /// Becomes user and group 0 of a user namespace.
    case becomeRoot = 41
    /// The steps from here to `fork` are those of a process between the shim and the child: what it enters, the shim does not.
    case stage = 42
    /// strings: lines of /proc/self/timens_offsets. Makes a time namespace for the children and sets its clocks.
    case timeOffsets = 43
    /// numbers: descriptor of a mounted tree that hangs nowhere, attributes to set, attributes to clear, attributes apply
    /// recursively, MS_… propagation; strings: target.
    case bindTree = 44
    /// numbers: as of `mountNew`; strings: as of `mountNew`. What the image has at the target is copied into the new file system.
    case mountCopy = 45
    /// numbers: attributes to set, attributes to clear, attributes apply recursively, MS_… propagation; strings: mount point.
    case changeMount = 46
    /// numbers: milliseconds or 0, count of arguments, count of pieces; strings: path, arguments, pieces of the state that the
    /// process's number joins, environment. Runs a program with that state as its input.
    case hook = 47
    /// Learns its own number in the host's pid namespace; needs the host's /proc.
    case ownNumber = 48
    /// numbers: policy, nice value, priority, flags, runtime, deadline, period.
    case scheduler = 49
    /// numbers: class and level as ioprio_set takes them.
    case ioPriority = 50
    /// strings: processors, a bit for each, whole words.
    case affinity = 51
    /// numbers: persona.
    case personality = 52
    /// strings: name below /proc/<self>/attr, value.
    case label = 53
    /// numbers: SECCOMP_FILTER_FLAG_…, descriptor of a socket; strings: filter, pieces of the state that the process's number
    /// joins. The socket gets the state and the filter's descriptor.
    case seccompNotify = 54
    /// numbers: mode with flags; strings: nodes, a bit for each, whole words.
    case memoryPolicy = 55
    /// strings: name. A session keyring of its own.
    case keyring = 56
    /// strings: program, then environment. Fails as `execute` would when the program is not there.
    case locate = 57
    /// The user namespace does not allow `identity` to change the supplementary groups.
    case keepGroups = 58
    /// numbers: descriptors. The program gets them as 3, 4 and so on.
    case preserve = 59
    /// numbers: kind of message, facility times eight, 1 for a stream, 1 if lines may be dropped, bytes that may wait; strings: address
    /// as the kernel takes it, tag (for the journal: the fields that all messages share), host name.
    case logService = 65
    // 150 and up: containers that another OCI runtime makes.
    /// strings: a mount point. A mount namespace of the shim's own; what is mounted below that point there does not show on the host.
    case ownMounts = 150
    /// numbers: descriptor of a mounted tree that hangs nowhere; strings: a path to mount it on.
    case placeTree = 151
    /// numbers: descriptor of a namespace; strings: path of a file to mount it on.
    case placeNamespace = 152
    /// numbers: 1 to hold the program back, columns, rows (both 0 to leave the size), count of the arguments that make the container or 0,
    /// count of those that let the program run, then nothing or the number from which on the command that makes the container gets its
    /// streams and, following them, descriptors; strings: these arguments, environment. In place of `fork`.
    case runtime = 153
}

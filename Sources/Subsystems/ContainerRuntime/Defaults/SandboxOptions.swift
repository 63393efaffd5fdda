package import OCI

/// What can be chosen about a container's sandbox; everything else is Docker's default. See ``DefaultSpecification/make(_:)``.
package struct SandboxOptions: Sendable {
    package enum Seccomp: Sendable {
        case standard, unconfined
        /// JSON of the OCI form (`LinuxSeccomp`) or Docker's form with `includes` and `excludes`.
        case profile([UInt8])
    }

    /// Whose namespace the container lives in.
    package enum NamespaceMode: Sendable, Equatable {
        case own, host
        /// Of a process, such as `/proc/<pid>/ns/ipc`.
        case join(path: String)
    }

    package struct Bind: Sendable, Equatable {
        package var source: String
        package var destination: String
        package var readOnly: Bool
        /// `rprivate` and so on; empty for `rprivate`.
        package var propagation: String
        /// What is mounted below the source comes along.
        package var recursive: Bool

        package init(
            source: String, destination: String, readOnly: Bool = false, propagation: String = "rprivate", recursive: Bool = true
        ) {
            self.source = source
            self.destination = destination
            self.readOnly = readOnly
            self.propagation = propagation
            self.recursive = recursive
        }
    }

    package struct Temporary: Sendable, Equatable {
        package var destination: String
        /// As given to `--tmpfs`, such as `size=64m`, `ro`.
        package var options: [String]

        package init(destination: String, options: [String] = []) {
            self.destination = destination
            self.options = options
        }
    }

    package struct DeviceMapping: Sendable, Equatable {
        package var hostPath: String
        package var containerPath: String
        /// Some of `rwm`.
        package var access: String

        package init(hostPath: String, containerPath: String, access: String = "rwm") {
            self.hostPath = hostPath
            self.containerPath = containerPath
            self.access = access
        }
    }

    package var arguments: [String] = []
    /// `NAME=value`, complete.
    package var environment: [String] = []
    package var workingDirectory: String = "/"
    package var user = RuntimeSpecification.User()
    package var hostname: String?
    package var domainname: String?
    /// With or without `CAP_`; `ALL` for all.
    package var capabilitiesAdded: [String] = []
    package var capabilitiesDropped: [String] = []
    package var privileged = false
    package var readOnlyRoot = false
    package var binds: [Bind] = []
    package var temporaries: [Temporary] = []
    /// Bytes of /dev/shm; 0 for 64 MiB.
    package var sharedMemorySize: Int64 = 0
    /// False: there is no /dev/shm. With a joined IPC namespace its tree is in ``ContainerStart/trees``.
    package var hasSharedMemory = true
    /// The container's own control groups may be written by it.
    package var writableCgroups = false
    package var devices: [DeviceMapping] = []
    package var deviceRules: [RuntimeSpecification.DeviceRule] = []
    package var sysctls: [String: String] = [:]
    /// The container gets a user namespace of its own, see ``ContainerStart/userNamespace``.
    package var hasUserNamespace = false
    /// `type` as `RLIMIT_NOFILE`.
    package var limits: [RuntimeSpecification.ResourceLimit] = []
    /// `devices` in here is ignored: rules come from the defaults, `devices` and `deviceRules`.
    package var resources = RuntimeSpecification.Resources()
    package var noNewPrivileges = false
    package var outOfMemoryScore: Int = 0
    package var seccomp = Seccomp.standard
    /// nil for none.
    package var appArmorProfile: String?
    package var processNamespace = NamespaceMode.own
    package var ipcNamespace = NamespaceMode.own
    package var hostNameNamespace = NamespaceMode.own
    /// `.own` also when ``ContainerStart/networkNamespace`` is given.
    package var networkNamespace = NamespaceMode.own
    /// nil: own on cgroup v2, the host's on v1, as Docker does.
    package var cgroupNamespace: NamespaceMode?
    /// Path below the cgroup mounts; nil for `/gantry/<id>`.
    package var cgroupsPath: String?
    package var cgroupVersion = "1"
    /// A file of the host's that is bound to /sbin/docker-init and runs the program.
    package var initProgram: String?
    package var terminal = false
    /// For whoever reads the specification; nothing here does.
    package var annotations: [String: String] = [:]
    /// nil for the default lists, empty for none.
    package var maskedPaths: [String]?
    package var readOnlyPaths: [String]?

    package init() {}
}

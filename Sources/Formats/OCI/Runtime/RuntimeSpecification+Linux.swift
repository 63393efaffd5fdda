extension RuntimeSpecification {
    /// Source: OCI runtime-spec, config-linux.
    package struct Linux: Sendable, Equatable, Codable {
        package var namespaces: [Namespace]?
        package var uidMappings: [IDMapping]?
        package var gidMappings: [IDMapping]?
        package var devices: [Device]?
        package var cgroupsPath: String?
        package var resources: Resources?
        package var sysctl: [String: String]?
        package var seccomp: LinuxSeccomp?
        package var rootfsPropagation: String?
        package var maskedPaths: [String]?
        package var readonlyPaths: [String]?
        package var mountLabel: String?
        /// By clock: `monotonic` and `boottime`.
        package var timeOffsets: [String: TimeOffset]?
        /// By name on the host.
        package var netDevices: [String: NetworkDevice]?
        package var intelRdt: IntelRdt?
        package var memoryPolicy: MemoryPolicy?
        package var personality: Personality?

        package init() {}
    }

    /// A namespace to make, or to join when `path` is given.
    package struct Namespace: Sendable, Equatable, Codable {
        package enum Kind: String, Sendable, Codable { case pid, network, mount, ipc, uts, user, cgroup, time }

        package var type: Kind
        package var path: String?

        package init(_ type: Kind, path: String? = nil) {
            self.type = type
            self.path = path
        }
    }

    package struct IDMapping: Sendable, Equatable, Codable {
        package var containerID: UInt32
        package var hostID: UInt32
        package var size: UInt32

        package init(containerID: UInt32, hostID: UInt32, size: UInt32) {
            self.containerID = containerID
            self.hostID = hostID
            self.size = size
        }
    }

    /// What a time namespace adds to a clock.
    package struct TimeOffset: Sendable, Equatable, Codable {
        package var secs: Int64?
        package var nanosecs: UInt32?

        package init(secs: Int64? = nil, nanosecs: UInt32? = nil) {
            self.secs = secs
            self.nanosecs = nanosecs
        }
    }

    /// A network device that moves into the container.
    package struct NetworkDevice: Sendable, Equatable, Codable {
        /// Its name there; nil for the same.
        package var name: String?

        package init(name: String? = nil) { self.name = name }
    }

    /// Cache and memory bandwidth. Source: OCI runtime-spec, config-linux, IntelRdt; kernel, resctrl.
    package struct IntelRdt: Sendable, Equatable, Codable {
        package var closID: String?
        package var schemata: [String]?
        package var l3CacheSchema: String?
        package var memBwSchema: String?
        package var enableMonitoring: Bool?

        package init() {}
    }

    /// Source: set_mempolicy(2).
    package struct MemoryPolicy: Sendable, Equatable, Codable {
        /// `MPOL_BIND` and the like.
        package var mode: String
        /// A list such as `0,2-4`.
        package var nodes: String?
        /// `MPOL_F_STATIC_NODES` and the like.
        package var flags: [String]?

        package init(mode: String, nodes: String? = nil, flags: [String]? = nil) {
            self.mode = mode
            self.nodes = nodes
            self.flags = flags
        }
    }

    /// Source: personality(2).
    package struct Personality: Sendable, Equatable, Codable {
        /// `LINUX` or `LINUX32`.
        package var domain: String
        package var flags: [String]?

        package init(domain: String, flags: [String]? = nil) {
            self.domain = domain
            self.flags = flags
        }
    }

    /// A device file to make in the container.
    package struct Device: Sendable, Equatable, Codable {
        package var path: String
        /// `c`, `b`, `u` or `p`.
        package var type: String
        package var major: Int64?
        package var minor: Int64?
        package var fileMode: UInt32?
        package var uid: UInt32?
        package var gid: UInt32?

        package init(
            path: String, type: String, major: Int64? = nil, minor: Int64? = nil, fileMode: UInt32? = nil, uid: UInt32? = nil,
            gid: UInt32? = nil
        ) {
            self.path = path
            self.type = type
            self.major = major
            self.minor = minor
            self.fileMode = fileMode
            self.uid = uid
            self.gid = gid
        }
    }
}

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

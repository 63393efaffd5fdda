extension RuntimeSpecification {
    /// The program to run and as whom. Source: OCI runtime-spec, config, Process.
    package struct Process: Sendable, Equatable, Codable {
        package var terminal: Bool?
        package var consoleSize: ConsoleSize?
        package var user: User
        package var args: [String]?
        /// `NAME=value`.
        package var env: [String]?
        package var cwd: String
        package var capabilities: Capabilities?
        package var rlimits: [ResourceLimit]?
        package var noNewPrivileges: Bool?
        package var oomScoreAdj: Int?
        package var apparmorProfile: String?
        package var selinuxLabel: String?

        package init(args: [String] = [], env: [String] = [], cwd: String = "/", user: User = User()) {
            self.args = args
            self.env = env
            self.cwd = cwd
            self.user = user
        }
    }

    /// In characters.
    package struct ConsoleSize: Sendable, Equatable, Codable {
        package var height: UInt16
        package var width: UInt16

        package init(height: UInt16, width: UInt16) {
            self.height = height
            self.width = width
        }
    }

    package struct User: Sendable, Equatable, Codable {
        package var uid: UInt32
        package var gid: UInt32
        package var umask: UInt32?
        package var additionalGids: [UInt32]?

        package init(uid: UInt32 = 0, gid: UInt32 = 0, umask: UInt32? = nil, additionalGids: [UInt32]? = nil) {
            self.uid = uid
            self.gid = gid
            self.umask = umask
            self.additionalGids = additionalGids
        }
    }

    /// Names as `CAP_CHOWN`; an absent set is empty.
    package struct Capabilities: Sendable, Equatable, Codable {
        package var bounding: [String]?
        package var effective: [String]?
        package var inheritable: [String]?
        package var permitted: [String]?
        package var ambient: [String]?

        package init(
            bounding: [String]? = nil, effective: [String]? = nil, inheritable: [String]? = nil, permitted: [String]? = nil,
            ambient: [String]? = nil
        ) {
            self.bounding = bounding
            self.effective = effective
            self.inheritable = inheritable
            self.permitted = permitted
            self.ambient = ambient
        }
    }

    /// `type` as `RLIMIT_NOFILE`; `UInt64.max` is "unlimited".
    package struct ResourceLimit: Sendable, Equatable, Codable {
        package var type: String
        package var hard: UInt64
        package var soft: UInt64

        package init(type: String, hard: UInt64, soft: UInt64) {
            self.type = type
            self.hard = hard
            self.soft = soft
        }
    }
}

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
        package var scheduler: Scheduler?
        package var ioPriority: IOPriority?
        /// For an exec; the container's first process does not heed it.
        package var execCPUAffinity: ProcessorAffinity?

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

    /// Source: sched_setattr(2).
    package struct Scheduler: Sendable, Equatable, Codable {
        /// `SCHED_OTHER` and the like.
        package var policy: String
        package var nice: Int32?
        package var priority: Int32?
        /// `SCHED_FLAG_RESET_ON_FORK` and the like.
        package var flags: [String]?
        /// Nanoseconds, as the two that follow.
        package var runtime: UInt64?
        package var deadline: UInt64?
        package var period: UInt64?

        package init(policy: String) { self.policy = policy }
    }

    /// Source: ioprio_set(2).
    package struct IOPriority: Sendable, Equatable, Codable {
        /// `IOPRIO_CLASS_BE` and the like.
        package var `class`: String
        /// 0 (first) to 7.
        package var priority: Int

        package init(class name: String, priority: Int) {
            self.class = name
            self.priority = priority
        }
    }

    /// Lists such as `0-3,7`.
    package struct ProcessorAffinity: Sendable, Equatable, Codable {
        /// Until the process is in the container's control group.
        package var initial: String?
        /// From then on.
        package var final: String?

        package init(initial: String? = nil, final: String? = nil) {
            self.initial = initial
            self.final = final
        }
    }
}

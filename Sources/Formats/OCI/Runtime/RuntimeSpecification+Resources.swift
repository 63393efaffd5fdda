extension RuntimeSpecification {
    /// Limits of the container's cgroup; an absent value is left as the kernel has it. Source: OCI runtime-spec, config-linux, Control groups.
    package struct Resources: Sendable, Equatable, Codable {
        package var devices: [DeviceRule]?
        package var memory: Memory?
        package var cpu: CPU?
        package var pids: PIDs?
        package var blockIO: BlockIO?
        package var hugepageLimits: [HugepageLimit]?
        package var network: NetworkClass?
        /// By the name of the RDMA device.
        package var rdma: [String: RDMALimit]?
        /// Raw cgroup v2 files and their values.
        package var unified: [String: String]?

        package init() {}
    }

    /// Absent numbers and -1 match any.
    package struct DeviceRule: Sendable, Equatable, Codable {
        package var allow: Bool
        package var type: String?
        package var major: Int64?
        package var minor: Int64?
        /// Letters of `rwm`.
        package var access: String?

        package init(allow: Bool, type: String? = nil, major: Int64? = nil, minor: Int64? = nil, access: String? = "rwm") {
            self.allow = allow
            self.type = type
            self.major = major
            self.minor = minor
            self.access = access
        }
    }

    /// Bytes; -1 is "unlimited"; `swap` counts memory and swap together.
    package struct Memory: Sendable, Equatable, Codable {
        package var limit: Int64?
        package var reservation: Int64?
        package var swap: Int64?
        package var kernel: Int64?
        package var kernelTCP: Int64?
        /// 0 to 100; cgroup v1 only.
        package var swappiness: UInt64?
        package var disableOOMKiller: Bool?
        /// Refuse an update to a limit below what is in use.
        package var checkBeforeUpdate: Bool?

        package init() {}
    }

    package struct CPU: Sendable, Equatable, Codable {
        package var shares: UInt64?
        /// Microseconds in each `period`; -1 is "unlimited".
        package var quota: Int64?
        package var burst: UInt64?
        package var period: UInt64?
        package var realtimeRuntime: Int64?
        package var realtimePeriod: UInt64?
        package var cpus: String?
        package var mems: String?
        /// 1: run only when nothing else wants to.
        package var idle: Int64?

        package init() {}
    }

    package struct PIDs: Sendable, Equatable, Codable {
        /// 0 and less is "unlimited".
        package var limit: Int64

        package init(limit: Int64) { self.limit = limit }
    }

    package struct BlockIO: Sendable, Equatable, Codable {
        package var weight: UInt16?
        package var leafWeight: UInt16?
        package var weightDevice: [WeightDevice]?
        package var throttleReadBpsDevice: [ThrottleDevice]?
        package var throttleWriteBpsDevice: [ThrottleDevice]?
        package var throttleReadIOPSDevice: [ThrottleDevice]?
        package var throttleWriteIOPSDevice: [ThrottleDevice]?

        package init() {}
    }

    package struct WeightDevice: Sendable, Equatable, Codable {
        package var major: Int64
        package var minor: Int64
        package var weight: UInt16?
        package var leafWeight: UInt16?

        package init(major: Int64, minor: Int64, weight: UInt16?, leafWeight: UInt16? = nil) {
            self.major = major
            self.minor = minor
            self.weight = weight
            self.leafWeight = leafWeight
        }
    }

    package struct ThrottleDevice: Sendable, Equatable, Codable {
        package var major: Int64
        package var minor: Int64
        package var rate: UInt64

        package init(major: Int64, minor: Int64, rate: UInt64) {
            self.major = major
            self.minor = minor
            self.rate = rate
        }
    }

    package struct HugepageLimit: Sendable, Equatable, Codable {
        /// Such as `2MB`.
        package var pageSize: String
        /// Bytes.
        package var limit: UInt64

        package init(pageSize: String, limit: UInt64) {
            self.pageSize = pageSize
            self.limit = limit
        }
    }

    /// Marks of the container's packets; cgroup v1 only.
    package struct NetworkClass: Sendable, Equatable, Codable {
        package struct Priority: Sendable, Equatable, Codable {
            package var name: String
            package var priority: UInt32

            package init(name: String, priority: UInt32) {
                self.name = name
                self.priority = priority
            }
        }

        package var classID: UInt32?
        package var priorities: [Priority]?

        package init() {}
    }

    package struct RDMALimit: Sendable, Equatable, Codable {
        package var hcaHandles: UInt32?
        package var hcaObjects: UInt32?

        package init(hcaHandles: UInt32? = nil, hcaObjects: UInt32? = nil) {
            self.hcaHandles = hcaHandles
            self.hcaObjects = hcaObjects
        }
    }
}

/// The part of a container's settings that ties it to this host: mounts, ports, limits, privileges.
///
/// Names follow the Engine API's `HostConfig`; nil and empty mean the daemon's default. Source: Engine API 1.51, HostConfig.
package struct HostSettings: Sendable, Codable, Hashable {
    // Mounts
    /// `source:destination[:options]` as the user wrote them.
    package var binds: [String] = []
    package var mounts: [MountRequest] = []
    /// Destination to options.
    package var tmpfs: [String: String] = [:]
    package var volumesFrom: [String] = []
    package var volumeDriver: String = ""

    // Life
    package var autoRemove: Bool = false
    package var restartPolicy = RestartPolicy()
    package var usesInit: Bool?
    package var logDriver: String = ""
    package var logOptions: [String: String] = [:]
    package var containerIDFile: String = ""
    /// Columns and rows before the start; nil when not given.
    package var consoleSize: ConsoleSize?
    package var annotations: [String: String] = [:]

    // Network
    /// `default`, `bridge`, `host`, `none`, `container:<id>` or a network.
    package var networkMode: String = ""
    /// `80/tcp` to the bindings asked for.
    package var portBindings: [String: [PortBindingRequest]] = [:]
    package var publishAllPorts: Bool = false
    package var dns: [String] = []
    package var dnsOptions: [String] = []
    package var dnsSearch: [String] = []
    package var extraHosts: [String] = []
    package var links: [String] = []

    // Namespaces
    package var ipcMode: String = ""
    package var pidMode: String = ""
    package var utsMode: String = ""
    package var usernsMode: String = ""
    package var cgroupnsMode: String = ""
    package var cgroup: String = ""
    package var isolation: String = ""

    // Privileges
    package var privileged: Bool = false
    package var readOnlyRootFileSystem: Bool = false
    package var capabilitiesAdded: [String] = []
    package var capabilitiesDropped: [String] = []
    package var securityOptions: [String] = []
    package var groupsAdded: [String] = []
    /// nil: the default list; `[]`: none.
    package var maskedPaths: [String]?
    /// nil: the default list; `[]`: none.
    package var readOnlyPaths: [String]?
    package var storageOptions: [String: String] = [:]
    package var sysctls: [String: String] = [:]
    package var runtime: String = ""

    // Resources
    package var resources = ResourceSettings()
    /// Bytes; 0 for the default of 64 MiB.
    package var shmSize: Int64 = 0
    package var oomScoreAdjustment: Int = 0

    package init() {}
}

/// Limits and devices; zero means unlimited or the kernel's default. Source: Engine API 1.51, Resources.
package struct ResourceSettings: Sendable, Codable, Hashable {
    package var cgroupParent: String = ""
    /// Bytes.
    package var memory: Int64 = 0
    package var memoryReservation: Int64 = 0
    /// Memory plus swap; -1 unlimited, 0 unset.
    package var memorySwap: Int64 = 0
    package var memorySwappiness: Int64?
    package var kernelMemoryTCP: Int64 = 0
    /// Billionths of a processor.
    package var nanoCPUs: Int64 = 0
    package var cpuShares: Int64 = 0
    package var cpuPeriod: Int64 = 0
    package var cpuQuota: Int64 = 0
    package var cpuRealtimePeriod: Int64 = 0
    package var cpuRealtimeRuntime: Int64 = 0
    package var cpusetCPUs: String = ""
    package var cpusetMems: String = ""
    package var pidsLimit: Int64?
    package var oomKillDisable: Bool?
    package var blkioWeight: UInt16 = 0
    package var blkioWeightDevices: [DeviceLimit] = []
    package var blkioReadBps: [DeviceLimit] = []
    package var blkioWriteBps: [DeviceLimit] = []
    package var blkioReadIOps: [DeviceLimit] = []
    package var blkioWriteIOps: [DeviceLimit] = []
    package var devices: [DeviceMapping] = []
    package var deviceCgroupRules: [String] = []
    package var deviceRequests: [DeviceRequest] = []
    package var ulimits: [Ulimit] = []

    package init() {}

    package struct DeviceLimit: Sendable, Codable, Hashable {
        package var path: String
        package var value: UInt64

        package init(path: String, value: UInt64) {
            self.path = path
            self.value = value
        }
    }

    package struct DeviceMapping: Sendable, Codable, Hashable {
        package var hostPath: String
        package var containerPath: String
        /// Some of `rwm`.
        package var permissions: String

        package init(hostPath: String, containerPath: String, permissions: String) {
            self.hostPath = hostPath
            self.containerPath = containerPath
            self.permissions = permissions
        }
    }

    package struct DeviceRequest: Sendable, Codable, Hashable {
        package var driver: String = ""
        package var count: Int = 0
        package var deviceIDs: [String] = []
        package var capabilities: [[String]] = []
        package var options: [String: String] = [:]

        package init() {}
    }

    package struct Ulimit: Sendable, Codable, Hashable {
        package var name: String
        /// -1 for unlimited.
        package var soft: Int64
        package var hard: Int64

        package init(name: String, soft: Int64, hard: Int64) {
            self.name = name
            self.soft = soft
            self.hard = hard
        }
    }
}

package struct ConsoleSize: Sendable, Codable, Hashable {
    package var columns: UInt16
    package var rows: UInt16

    package init(columns: UInt16, rows: UInt16) {
        self.columns = columns
        self.rows = rows
    }
}

package struct RestartPolicy: Sendable, Codable, Hashable {
    package enum Name: String, Sendable, Codable {
        case no, always
        case unlessStopped = "unless-stopped"
        case onFailure = "on-failure"
    }

    package var name: Name = .no
    package var maximumRetryCount: Int = 0

    package init(name: Name = .no, maximumRetryCount: Int = 0) {
        self.name = name
        self.maximumRetryCount = maximumRetryCount
    }
}

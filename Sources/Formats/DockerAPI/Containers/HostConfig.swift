/// What ties a container to its host. Source: Engine API 1.51, HostConfig.
package struct HostConfig: Codable, Sendable, Hashable {
    @NullEmpty package var binds: [String] = []
    @Lenient package var containerIDFile = ""
    @Lenient package var logConfig = LogConfig()
    @Lenient package var networkMode = ""
    /// `80/tcp` to host bindings.
    @NullEmpty package var portBindings: [String: [PortBinding]?] = [:]
    @Lenient package var restartPolicy = RestartPolicyBody()
    @Lenient package var autoRemove = false
    @Lenient package var volumeDriver = ""
    @NullEmpty package var volumesFrom: [String] = []
    /// Rows, then columns.
    package var consoleSize: [Int]?
    @OmitEmpty package var annotations: [String: String] = [:]
    @Words package var capAdd: [String]?
    @Words package var capDrop: [String]?
    @Lenient package var cgroupnsMode = ""
    @NullEmpty package var dns: [String] = []
    @NullEmpty package var dnsOptions: [String] = []
    @NullEmpty package var dnsSearch: [String] = []
    @NullEmpty package var extraHosts: [String] = []
    @NullEmpty package var groupAdd: [String] = []
    @Lenient package var ipcMode = ""
    @Lenient package var cgroup = ""
    @NullEmpty package var links: [String] = []
    @Lenient package var oomScoreAdj: Int = 0
    @Lenient package var pidMode = ""
    @Lenient package var privileged = false
    @Lenient package var publishAllPorts = false
    @Lenient package var readonlyRootfs = false
    @NullEmpty package var securityOpt: [String] = []
    @OmitEmpty package var storageOpt: [String: String] = [:]
    @OmitEmpty package var tmpfs: [String: String] = [:]
    @Lenient package var utsMode = ""
    @Lenient package var usernsMode = ""
    /// Bytes; 0 for the default.
    @Lenient package var shmSize: Int64 = 0
    @OmitEmpty package var sysctls: [String: String] = [:]
    @Lenient package var runtime = ""
    @Lenient package var isolation = ""
    @Lenient package var cpuShares: Int64 = 0
    /// Bytes.
    @Lenient package var memory: Int64 = 0
    @Lenient package var nanoCpus: Int64 = 0
    @Lenient package var cgroupParent = ""
    @Lenient package var blkioWeight: UInt16 = 0
    @NullEmpty package var blkioWeightDevice: [WeightDevice] = []
    @NullEmpty package var blkioDeviceReadBps: [ThrottleDevice] = []
    @NullEmpty package var blkioDeviceWriteBps: [ThrottleDevice] = []
    @NullEmpty package var blkioDeviceReadIOps: [ThrottleDevice] = []
    @NullEmpty package var blkioDeviceWriteIOps: [ThrottleDevice] = []
    @Lenient package var cpuPeriod: Int64 = 0
    @Lenient package var cpuQuota: Int64 = 0
    @Lenient package var cpuRealtimePeriod: Int64 = 0
    @Lenient package var cpuRealtimeRuntime: Int64 = 0
    @Lenient package var cpusetCpus = ""
    @Lenient package var cpusetMems = ""
    @NullEmpty package var devices: [DeviceMapping] = []
    @NullEmpty package var deviceCgroupRules: [String] = []
    @NullEmpty package var deviceRequests: [DeviceRequest] = []
    @OmitEmpty package var kernelMemoryTCP: Int64 = 0
    @Lenient package var memoryReservation: Int64 = 0
    @Lenient package var memorySwap: Int64 = 0
    @Null package var memorySwappiness: Int64?
    @Null package var oomKillDisable: Bool?
    @Null package var pidsLimit: Int64?
    @NullEmpty package var ulimits: [UlimitBody] = []
    @Lenient package var cpuCount: Int64 = 0
    @Lenient package var cpuPercent: Int64 = 0
    @Lenient package var ioMaximumIOps: UInt64 = 0
    @Lenient package var ioMaximumBandwidth: UInt64 = 0
    @OmitEmpty package var mounts: [Mount] = []
    /// Absent means the daemon's default, an empty list means none.
    @Null package var maskedPaths: [String]?
    @Null package var readonlyPaths: [String]?
    package var usesInit: Bool?

    package init() {}

    enum CodingKeys: String, CodingKey {
        case binds = "Binds"
        case containerIDFile = "ContainerIDFile"
        case logConfig = "LogConfig"
        case networkMode = "NetworkMode"
        case portBindings = "PortBindings"
        case restartPolicy = "RestartPolicy"
        case autoRemove = "AutoRemove"
        case volumeDriver = "VolumeDriver"
        case volumesFrom = "VolumesFrom"
        case consoleSize = "ConsoleSize"
        case annotations = "Annotations"
        case capAdd = "CapAdd"
        case capDrop = "CapDrop"
        case cgroupnsMode = "CgroupnsMode"
        case dns = "Dns"
        case dnsOptions = "DnsOptions"
        case dnsSearch = "DnsSearch"
        case extraHosts = "ExtraHosts"
        case groupAdd = "GroupAdd"
        case ipcMode = "IpcMode"
        case cgroup = "Cgroup"
        case links = "Links"
        case oomScoreAdj = "OomScoreAdj"
        case pidMode = "PidMode"
        case privileged = "Privileged"
        case publishAllPorts = "PublishAllPorts"
        case readonlyRootfs = "ReadonlyRootfs"
        case securityOpt = "SecurityOpt"
        case storageOpt = "StorageOpt"
        case tmpfs = "Tmpfs"
        case utsMode = "UTSMode"
        case usernsMode = "UsernsMode"
        case shmSize = "ShmSize"
        case sysctls = "Sysctls"
        case runtime = "Runtime"
        case isolation = "Isolation"
        case cpuShares = "CpuShares"
        case memory = "Memory"
        case nanoCpus = "NanoCpus"
        case cgroupParent = "CgroupParent"
        case blkioWeight = "BlkioWeight"
        case blkioWeightDevice = "BlkioWeightDevice"
        case blkioDeviceReadBps = "BlkioDeviceReadBps"
        case blkioDeviceWriteBps = "BlkioDeviceWriteBps"
        case blkioDeviceReadIOps = "BlkioDeviceReadIOps"
        case blkioDeviceWriteIOps = "BlkioDeviceWriteIOps"
        case cpuPeriod = "CpuPeriod"
        case cpuQuota = "CpuQuota"
        case cpuRealtimePeriod = "CpuRealtimePeriod"
        case cpuRealtimeRuntime = "CpuRealtimeRuntime"
        case cpusetCpus = "CpusetCpus"
        case cpusetMems = "CpusetMems"
        case devices = "Devices"
        case deviceCgroupRules = "DeviceCgroupRules"
        case deviceRequests = "DeviceRequests"
        case kernelMemoryTCP = "KernelMemoryTCP"
        case memoryReservation = "MemoryReservation"
        case memorySwap = "MemorySwap"
        case memorySwappiness = "MemorySwappiness"
        case oomKillDisable = "OomKillDisable"
        case pidsLimit = "PidsLimit"
        case ulimits = "Ulimits"
        case cpuCount = "CpuCount"
        case cpuPercent = "CpuPercent"
        case ioMaximumIOps = "IOMaximumIOps"
        case ioMaximumBandwidth = "IOMaximumBandwidth"
        case mounts = "Mounts"
        case maskedPaths = "MaskedPaths"
        case readonlyPaths = "ReadonlyPaths"
        case usesInit = "Init"
    }
}

extension HostConfig: Blank {
    package static var blank: HostConfig { HostConfig() }
}

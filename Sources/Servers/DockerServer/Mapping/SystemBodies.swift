internal import DockerAPI
internal import Engine
internal import Essentials

extension SystemInfo {
    init(_ information: SystemInformation, identity: ServerIdentity, now: Timestamp) {
        self.init()
        writeCounts(information)
        writeHost(information)
        writeRegistries(information)
        driver = "overlay2"
        driverStatus = information.driverStatus
        plugins.volume = ["local"]
        plugins.network = ["bridge", "host", "null"]
        plugins.log = information.logDrivers
        debug = information.debug
        experimentalBuild = identity.isExperimental
        openDescriptors = information.openDescriptors
        eventListeners = information.eventListeners
        systemTime = now.rfc3339
        loggingDriver = information.logDriver
        cgroupDriver = information.cgroupDriver
        dockerRootDir = information.dataRoot
        labels = information.labels
        serverVersion = identity.version
        var runtime = RuntimeInfo()
        runtime.path = "gantry-oci"
        runtimes = information.runtimes.mapValues { other in
            var body = RuntimeInfo()
            body.path = other.path
            body.runtimeArguments = other.arguments.isEmpty ? nil : other.arguments
            return body
        }
        runtimes["gantry"] = runtime
        defaultRuntime = information.defaultRuntime
        swarm.localNodeState = "inactive"
        initBinary = "gantry-shim"
        securityOptions = information.securityOptions
        defaultAddressPools = information.addressPools.map { pool in
            var body = AddressPoolInfo()
            body.base = pool.base
            body.size = pool.size
            return body
        }
        warnings = information.warnings
    }

    private mutating func writeCounts(_ information: SystemInformation) {
        id = information.id
        containersRunning = information.containersRunning
        containersPaused = information.containersPaused
        containersStopped = information.containersStopped
        containers = containersRunning + containersPaused + containersStopped
        images = information.images
    }

    private mutating func writeHost(_ information: SystemInformation) {
        memoryLimit = information.memoryLimit
        swapLimit = information.swapLimit
        kernelMemoryTCP = information.kernelMemoryTCP
        cpuCfsPeriod = information.cpuQuota
        cpuCfsQuota = information.cpuQuota
        cpuShares = information.cpuShares
        cpuSet = information.cpuset
        pidsLimit = information.pidsLimit
        oomKillDisable = information.oomKillDisable
        ipv4Forwarding = information.ipv4Forwarding
        bridgeNfIptables = true
        bridgeNfIp6tables = true
        cgroupVersion = information.cgroupVersion
        kernelVersion = information.kernelVersion
        operatingSystem = information.operatingSystem
        osVersion = information.operatingSystemVersion
        osType = "linux"
        architecture = information.architecture
        processors = information.processors
        memTotal = information.memory
        name = information.hostname
        httpProxy = information.httpProxy
        httpsProxy = information.httpsProxy
        noProxy = information.noProxy
    }

    private mutating func writeRegistries(_ information: SystemInformation) {
        indexServerAddress = "https://index.docker.io/v1/"
        registryConfig.insecureRegistryCIDRs = ["127.0.0.0/8", "::1/128"]
        registryConfig.mirrors = information.registryMirrors
        var hub = RegistryIndex()
        hub.name = "docker.io"
        hub.mirrors = information.registryMirrors
        hub.secure = true
        hub.official = true
        registryConfig.indexConfigs["docker.io"] = hub
        for host in information.insecureRegistries {
            if host.contains("/") {
                registryConfig.insecureRegistryCIDRs.append(host)
            } else {
                var index = RegistryIndex()
                index.name = host
                registryConfig.indexConfigs[host] = index
            }
        }
    }
}

extension Version {
    init(_ information: SystemInformation, identity: ServerIdentity) {
        self.init()
        let architecture = ServerIdentity.architecture
        platform.name = "Gantry"
        version = identity.version
        apiVersion = "\(APIVersion.newest)"
        minAPIVersion = "\(APIVersion.oldest)"
        gitCommit = identity.revision
        experimental = identity.isExperimental
        os = "linux"
        arch = architecture
        kernelVersion = information.kernelVersion
        buildTime = identity.buildTime
        var engine = VersionComponent()
        engine.name = "Engine"
        engine.version = identity.version
        engine.details = [
            "ApiVersion": apiVersion, "Arch": arch, "BuildTime": buildTime, "Experimental": "\(identity.isExperimental)",
            "GitCommit": gitCommit, "GoVersion": "", "KernelVersion": kernelVersion, "MinAPIVersion": minAPIVersion, "Os": os,
        ]
        components = [engine]
    }
}

extension DiskUsageBody {
    /// - Parameter kinds: of container, image, volume and build-cache; those not asked for stay null.
    init(_ usage: DiskUsage, kinds: Set<String>, now: Timestamp, version: APIVersion) {
        self.init()
        if kinds.contains("image") {
            layersSize = usage.layersSize
            images = usage.images.map { image in
                var row = ImageSummary(image, version: version)
                row.containers = image.containers
                return row
            }
        }
        if kinds.contains("container") {
            containers = usage.containers.map { ContainerSummary($0, now: now, version: version) }
        }
        if kinds.contains("volume") { volumes = usage.volumes.map(Volume.init) }
        if kinds.contains("build-cache") { buildCache = usage.buildCache.map(BuildCacheRecord.init) }
    }
}

extension BuildCacheRecord {
    init(_ record: DiskUsage.CacheRecord) {
        self.init()
        id = record.id
        parents = record.parents
        type = record.kind
        description = record.description
        inUse = record.inUse
        shared = record.shared
        size = record.size
        createdAt = record.createdAt.rfc3339
        lastUsedAt = record.lastUsedAt?.rfc3339
        usageCount = record.useCount
    }
}

extension EventMessage {
    init(_ event: EngineEvent) {
        self.init()
        type = event.type
        action = event.action
        actor.id = event.actorID
        actor.attributes = event.attributes
        scope = "local"
        time = event.time.seconds
        timeNano = event.time.nanoseconds
        // For clients of API before 1.52, some of which fail without.
        if event.type == "container" || event.type == "image" {
            status = event.action
            id = event.actorID
        }
        if event.type == "container" { from = event.attributes["image"] }
    }
}

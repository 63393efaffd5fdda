internal import DockerAPI
internal import Engine

extension HostConfig {
    /// What inspect shows: the settings with the defaults that are in force.
    init(_ host: HostSettings) {
        self.init()
        writeMounts(host)
        writeNetwork(host)
        writePrivileges(host)
        writeResources(host.resources)
        containerIDFile = host.containerIDFile
        logConfig.type = host.logDriver.isEmpty ? "json-file" : host.logDriver
        logConfig.config = host.logOptions
        restartPolicy.name = host.restartPolicy.name.rawValue
        restartPolicy.maximumRetryCount = host.restartPolicy.maximumRetryCount
        autoRemove = host.autoRemove
        consoleSize = host.consoleSize.map { [Int($0.rows), Int($0.columns)] } ?? [0, 0]
        annotations = host.annotations
        ipcMode = host.ipcMode.isEmpty ? "private" : host.ipcMode
        pidMode = host.pidMode
        utsMode = host.utsMode
        usernsMode = host.usernsMode
        cgroupnsMode = host.cgroupnsMode.isEmpty ? "private" : host.cgroupnsMode
        cgroup = host.cgroup
        isolation = host.isolation
        usesInit = host.usesInit
        runtime = host.runtime.isEmpty ? "gantry" : host.runtime
        shmSize = host.shmSize == 0 ? 64 * 1024 * 1024 : host.shmSize
        oomScoreAdj = host.oomScoreAdjustment
    }

    private mutating func writeMounts(_ host: HostSettings) {
        binds = host.binds
        mounts = host.mounts.map(Mount.init)
        tmpfs = host.tmpfs
        volumesFrom = host.volumesFrom
        volumeDriver = host.volumeDriver
        storageOpt = host.storageOptions
    }

    private mutating func writeNetwork(_ host: HostSettings) {
        networkMode = ["", "default"].contains(host.networkMode) ? "bridge" : host.networkMode
        portBindings = host.portBindings.mapValues { bindings in
            bindings.map { binding in
                var body = PortBinding()
                body.hostIp = binding.hostAddress
                body.hostPort = binding.hostPort
                return body
            }
        }
        publishAllPorts = host.publishAllPorts
        dns = host.dns
        dnsOptions = host.dnsOptions
        dnsSearch = host.dnsSearch
        extraHosts = host.extraHosts
        links = host.links
    }

    private mutating func writePrivileges(_ host: HostSettings) {
        privileged = host.privileged
        readonlyRootfs = host.readOnlyRootFileSystem
        capAdd = host.capabilitiesAdded.isEmpty ? nil : host.capabilitiesAdded
        capDrop = host.capabilitiesDropped.isEmpty ? nil : host.capabilitiesDropped
        securityOpt = host.securityOptions
        groupAdd = host.groupsAdded
        (maskedPaths, readonlyPaths) = host.kernelPaths
        sysctls = host.sysctls
    }

    private mutating func writeResources(_ resources: ResourceSettings) {
        cgroupParent = resources.cgroupParent
        memory = resources.memory
        memoryReservation = resources.memoryReservation
        memorySwap = resources.memorySwap == 0 && resources.memory > 0 ? resources.memory * 2 : resources.memorySwap
        memorySwappiness = resources.memorySwappiness == -1 ? nil : resources.memorySwappiness
        kernelMemoryTCP = resources.kernelMemoryTCP
        nanoCpus = resources.nanoCPUs
        cpuShares = resources.cpuShares
        cpuPeriod = resources.cpuPeriod
        cpuQuota = resources.cpuQuota
        cpuRealtimePeriod = resources.cpuRealtimePeriod
        cpuRealtimeRuntime = resources.cpuRealtimeRuntime
        cpusetCpus = resources.cpusetCPUs
        cpusetMems = resources.cpusetMems
        pidsLimit = resources.pidsLimit == 0 ? nil : resources.pidsLimit
        oomKillDisable = resources.oomKillDisable
        blkioWeight = resources.blkioWeight
        blkioWeightDevice = resources.blkioWeightDevices.map { limit in
            var body = WeightDevice()
            body.path = limit.path
            body.weight = UInt16(clamping: limit.value)
            return body
        }
        blkioDeviceReadBps = resources.blkioReadBps.map(ThrottleDevice.init)
        blkioDeviceWriteBps = resources.blkioWriteBps.map(ThrottleDevice.init)
        blkioDeviceReadIOps = resources.blkioReadIOps.map(ThrottleDevice.init)
        blkioDeviceWriteIOps = resources.blkioWriteIOps.map(ThrottleDevice.init)
        writeDevices(resources)
    }

    private mutating func writeDevices(_ resources: ResourceSettings) {
        devices = resources.devices.map { device in
            var body = DeviceMapping()
            body.pathOnHost = device.hostPath
            body.pathInContainer = device.containerPath
            body.cgroupPermissions = device.permissions
            return body
        }
        deviceCgroupRules = resources.deviceCgroupRules
        deviceRequests = resources.deviceRequests.map { request in
            var body = DeviceRequest()
            body.driver = request.driver
            body.count = request.count
            body.deviceIDs = request.deviceIDs
            body.capabilities = request.capabilities
            body.options = request.options
            return body
        }
        ulimits = resources.ulimits.map { limit in
            var body = UlimitBody()
            body.name = limit.name
            body.soft = limit.soft
            body.hard = limit.hard
            return body
        }
    }
}

extension ThrottleDevice {
    init(_ limit: ResourceSettings.DeviceLimit) {
        self.init()
        path = limit.path
        rate = limit.value
    }
}

extension Mount {
    init(_ request: MountRequest) {
        self.init()
        type = request.kind.rawValue
        source = request.source
        target = request.destination
        readOnly = request.readOnly
        consistency = request.consistency
        switch request.kind {
        case .bind:
            var options = MountBindOptions()
            options.propagation = request.propagation
            options.nonRecursive = request.nonRecursive
            options.createMountpoint = request.createSource
            options.readOnlyNonRecursive = request.readOnlyNonRecursive
            options.readOnlyForceRecursive = request.readOnlyForceRecursive
            bindOptions = options == MountBindOptions() ? nil : options
        case .volume:
            var options = MountVolumeOptions()
            options.noCopy = request.noCopy
            options.subpath = request.subpath
            options.labels = request.volumeLabels
            if !request.volumeDriver.isEmpty || !request.volumeOptions.isEmpty {
                var driver = MountDriverConfig()
                driver.name = request.volumeDriver
                driver.options = request.volumeOptions
                options.driverConfig = driver
            }
            volumeOptions = options == MountVolumeOptions() ? nil : options
        case .tmpfs:
            var options = MountTmpfsOptions()
            options.sizeBytes = request.tmpfsSize
            options.mode = GoFileMode.from(unix: request.tmpfsMode)
            tmpfsOptions = options == MountTmpfsOptions() ? nil : options
        case .image:
            var options = MountImageOptions()
            options.subpath = request.subpath
            imageOptions = options == MountImageOptions() ? nil : options
        }
    }
}

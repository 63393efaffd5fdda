internal import DockerAPI
internal import Engine

extension ResourceSettings {
    init(_ body: HostConfig) {
        self.init()
        cgroupParent = body.cgroupParent
        memory = body.memory
        memoryReservation = body.memoryReservation
        memorySwap = body.memorySwap
        memorySwappiness = body.memorySwappiness
        kernelMemoryTCP = body.kernelMemoryTCP
        nanoCPUs = body.nanoCpus
        cpuShares = body.cpuShares
        cpuPeriod = body.cpuPeriod
        cpuQuota = body.cpuQuota
        cpuRealtimePeriod = body.cpuRealtimePeriod
        cpuRealtimeRuntime = body.cpuRealtimeRuntime
        cpusetCPUs = body.cpusetCpus
        cpusetMems = body.cpusetMems
        pidsLimit = body.pidsLimit
        oomKillDisable = body.oomKillDisable
        blkioWeight = body.blkioWeight
        blkioWeightDevices = body.blkioWeightDevice.map { DeviceLimit(path: $0.path, value: UInt64($0.weight)) }
        blkioReadBps = body.blkioDeviceReadBps.map(DeviceLimit.init)
        blkioWriteBps = body.blkioDeviceWriteBps.map(DeviceLimit.init)
        blkioReadIOps = body.blkioDeviceReadIOps.map(DeviceLimit.init)
        blkioWriteIOps = body.blkioDeviceWriteIOps.map(DeviceLimit.init)
        devices = body.devices.map {
            DeviceMapping(hostPath: $0.pathOnHost, containerPath: $0.pathInContainer, permissions: $0.cgroupPermissions)
        }
        deviceCgroupRules = body.deviceCgroupRules
        deviceRequests = body.deviceRequests.map(DeviceRequest.init)
        ulimits = body.ulimits.map { Ulimit(name: $0.name, soft: $0.soft, hard: $0.hard) }
    }

    init(_ body: ContainerUpdateBody) {
        self.init()
        cgroupParent = body.cgroupParent
        memory = body.memory
        memoryReservation = body.memoryReservation
        memorySwap = body.memorySwap
        memorySwappiness = body.memorySwappiness
        nanoCPUs = body.nanoCpus
        cpuShares = body.cpuShares
        cpuPeriod = body.cpuPeriod
        cpuQuota = body.cpuQuota
        cpuRealtimePeriod = body.cpuRealtimePeriod
        cpuRealtimeRuntime = body.cpuRealtimeRuntime
        cpusetCPUs = body.cpusetCpus
        cpusetMems = body.cpusetMems
        pidsLimit = body.pidsLimit
        oomKillDisable = body.oomKillDisable
        blkioWeight = body.blkioWeight
        blkioWeightDevices = body.blkioWeightDevice.map { DeviceLimit(path: $0.path, value: UInt64($0.weight)) }
        blkioReadBps = body.blkioDeviceReadBps.map(DeviceLimit.init)
        blkioWriteBps = body.blkioDeviceWriteBps.map(DeviceLimit.init)
        blkioReadIOps = body.blkioDeviceReadIOps.map(DeviceLimit.init)
        blkioWriteIOps = body.blkioDeviceWriteIOps.map(DeviceLimit.init)
    }
}

extension ResourceSettings.DeviceLimit {
    init(_ body: ThrottleDevice) { self.init(path: body.path, value: body.rate) }
}

extension ResourceSettings.DeviceRequest {
    init(_ body: DockerAPI.DeviceRequest) {
        self.init()
        driver = body.driver
        count = body.count
        deviceIDs = body.deviceIDs
        capabilities = body.capabilities
        options = body.options
    }
}

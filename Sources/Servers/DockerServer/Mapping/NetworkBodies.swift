internal import DockerAPI
internal import Engine
internal import Essentials

extension NetworkCreateRequest {
    init(_ body: NetworkCreateBody) {
        self.init(name: body.name)
        driver = body.driver.isEmpty ? "bridge" : body.driver
        isInternal = body.isInternal
        attachable = body.attachable
        ingress = body.ingress
        configOnly = body.configOnly
        configFrom = body.configFrom?.network ?? ""
        scope = body.scope
        enableIPv4 = body.enableIPv4
        enableIPv6 = body.enableIPv6
        if let ipam = body.ipam {
            ipamDriver = ipam.driver.isEmpty ? "default" : ipam.driver
            ipamOptions = ipam.options
            pools = ipam.config.map { range in
                var pool = AddressPool()
                pool.subnet = range.subnet
                pool.ipRange = range.ipRange
                pool.gateway = range.gateway
                pool.auxiliaryAddresses = range.auxiliaryAddresses
                return pool
            }
        }
        options = body.options
        labels = body.labels
    }
}

extension NetworkInspect {
    /// - Parameter members: lists do not tell who is on a network.
    init(_ network: NetworkDetails, members: Bool) {
        self.init()
        name = network.name
        id = network.id
        created = network.createdAt.rfc3339
        scope = network.scope
        driver = network.driver
        enableIPv4 = network.enableIPv4
        enableIPv6 = network.enableIPv6
        ipam.driver = network.ipamDriver
        ipam.options = network.ipamOptions
        ipam.config = network.pools.map { pool in
            var range = IPAMPool()
            range.subnet = pool.subnet
            range.ipRange = pool.ipRange
            range.gateway = pool.gateway
            range.auxiliaryAddresses = pool.auxiliaryAddresses
            return range
        }
        isInternal = network.isInternal
        attachable = network.attachable
        options = network.options
        labels = network.labels
        for member in network.members where members {
            var body = NetworkMember()
            body.name = member.name
            body.endpointID = member.endpointID
            body.macAddress = member.macAddress
            body.ipv4Address = member.ipv4Address
            body.ipv6Address = member.ipv6Address
            containers[member.containerID] = body
        }
    }
}

extension Volume {
    init(_ volume: VolumeDetails) {
        self.init()
        // Docker gives whole seconds here.
        createdAt = Timestamp(seconds: volume.createdAt.seconds).rfc3339
        driver = volume.driver
        labels = volume.labels.isEmpty ? nil : volume.labels
        mountpoint = volume.mountpoint
        name = volume.name
        options = volume.options
        scope = volume.scope
        if volume.size != nil || volume.references != nil {
            var usage = VolumeUsage()
            usage.size = volume.size ?? -1
            usage.refCount = volume.references ?? -1
            usageData = usage
        }
    }
}

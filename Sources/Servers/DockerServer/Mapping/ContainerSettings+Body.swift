internal import DockerAPI
internal import Engine
internal import Essentials
internal import OCI

extension ContainerSettings {
    /// What the body of ContainerCreate asks for.
    /// - Parameter version: of the request; old clients get the defaults of their time.
    init(_ body: ContainerCreateBody, version: APIVersion) throws {
        let config = body.config
        self.init(image: config.image)
        hostname = config.hostname
        domainName = config.domainname
        user = config.user
        environment = config.env ?? []
        command = config.cmd
        entrypoint = config.entrypoint
        workingDirectory = config.workingDir
        labels = config.labels ?? [:]
        exposedPorts = Set((config.exposedPorts ?? [:]).keys)
        volumes = Set((config.volumes ?? [:]).keys)
        terminal = config.tty
        openStdin = config.openStdin
        stdinOnce = config.stdinOnce
        attachStdin = config.attachStdin
        attachStdout = config.attachStdout
        attachStderr = config.attachStderr
        stopSignal = config.stopSignal.flatMap { $0.isEmpty ? nil : $0 }
        stopTimeout = config.stopTimeout
        healthcheck = try config.healthcheck.map { try ContainerDefaults.Healthcheck(checking: $0) }
        networkDisabled = config.networkDisabled ?? false
        macAddress = config.macAddress ?? ""
        onBuild = config.onBuild
        shell = config.shell
        host = try HostSettings(body.hostConfig ?? HostConfig(), version: version)
        networks = (body.networkingConfig?.endpointsConfig ?? [:]).mapValues(NetworkAttachmentSettings.init)
    }
}

extension ContainerDefaults.Healthcheck {
    /// - Throws: `invalid` for times that are too short. Source: Engine API 1.51, HealthConfig.
    init(checking body: HealthConfig) throws {
        let times = [
            ("Interval", body.interval), ("Timeout", body.timeout), ("StartPeriod", body.startPeriod),
            ("StartInterval", body.startInterval),
        ]
        for (name, time) in times where time != 0 && time < 1_000_000 {
            throw GantryError.invalid("\(name) in Healthcheck cannot be less than 1ms")
        }
        guard body.retries >= 0 else { throw GantryError.invalid("Retries in Healthcheck cannot be negative") }
        self.init(test: body.test)
        interval = body.interval == 0 ? nil : body.interval
        timeout = body.timeout == 0 ? nil : body.timeout
        startPeriod = body.startPeriod == 0 ? nil : body.startPeriod
        startInterval = body.startInterval == 0 ? nil : body.startInterval
        retries = body.retries == 0 ? nil : body.retries
    }
}

extension HealthConfig {
    init(_ check: ContainerDefaults.Healthcheck) {
        self.init()
        test = check.test
        interval = check.interval ?? 0
        timeout = check.timeout ?? 0
        startPeriod = check.startPeriod ?? 0
        startInterval = check.startInterval ?? 0
        retries = check.retries ?? 0
    }
}

extension NetworkAttachmentSettings {
    init(_ body: EndpointSettings) {
        self.init()
        aliases = body.aliases
        links = body.links
        ipv4Address = body.ipamConfig.flatMap { $0.ipv4Address.isEmpty ? nil : $0.ipv4Address }
        ipv6Address = body.ipamConfig.flatMap { $0.ipv6Address.isEmpty ? nil : $0.ipv6Address }
        linkLocalAddresses = body.ipamConfig?.linkLocalIPs ?? []
        macAddress = body.macAddress.isEmpty ? nil : body.macAddress
        driverOptions = body.driverOpts
        gatewayPriority = body.gwPriority
    }
}

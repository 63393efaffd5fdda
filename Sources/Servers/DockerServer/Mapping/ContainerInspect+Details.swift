internal import DockerAPI
internal import Engine
internal import Essentials
internal import OCI

extension ContainerInspect {
    init(_ details: ContainerDetails, version: APIVersion) {
        self.init()
        id = details.id
        created = details.createdAt.rfc3339
        path = details.program.first ?? ""
        args = Array(details.program.dropFirst())
        state = ContainerState(details)
        image = details.imageID.description
        resolvConfPath = details.resolvConfPath
        hostnamePath = details.hostnamePath
        hostsPath = details.hostsPath
        logPath = details.logPath
        name = "/" + details.name
        restartCount = details.restartCount
        driver = "overlay2"
        platform = details.platform.os
        appArmorProfile = details.run.appArmorProfile ?? ""
        execIDs = details.execIDs.isEmpty ? nil : details.execIDs
        hostConfig = HostConfig(details.settings.host)
        graphDriver = GraphDriver(details.layerDirectories)
        sizeRw = details.writableSize
        sizeRootFs = details.rootSize
        mounts = details.mounts.map(MountPoint.init)
        config = ContainerConfig(details.settings)
        networkSettings = NetworkSettings(details, version: version)
        why = WhyBody(details.why)
    }
}

extension ContainerState {
    init(_ details: ContainerDetails) {
        self.init()
        status = details.phase.word
        switch details.phase {
        case .running: running = true
        case .paused: (running, paused) = (true, true)
        case .restarting: (running, restarting) = (true, true)
        case .dead: dead = true
        case .created, .exited, .removing: break
        }
        oomKilled = details.run.outOfMemory
        pid = Int(details.phase.processID ?? 0)
        exitCode = Int(details.run.exitCode)
        error = details.run.error
        startedAt = details.run.startedAt?.rfc3339 ?? Timestamp.goZeroText
        finishedAt = details.run.finishedAt?.rfc3339 ?? Timestamp.goZeroText
        health = details.health.map(HealthState.init)
    }
}

extension HealthState {
    init(_ health: ContainerHealth) {
        self.init()
        status = health.status.rawValue
        failingStreak = health.failingStreak
        log = health.log.map { probe in
            var result = HealthResult()
            result.start = probe.startedAt.rfc3339
            result.end = probe.finishedAt.rfc3339
            result.exitCode = probe.exitCode
            result.output = probe.output
            return result
        }
    }
}

extension GraphDriver {
    init(_ directories: LayerDirectories) {
        self.init()
        name = "overlay2"
        data["UpperDir"] = directories.upper
        data["WorkDir"] = directories.work
        if !directories.lower.isEmpty { data["LowerDir"] = directories.lower.joined(separator: ":") }
    }
}

extension MountPoint {
    init(_ mount: MountDetails) {
        self.init()
        type = mount.kind.rawValue
        name = mount.name
        source = mount.source
        destination = mount.destination
        driver = mount.driver
        mode = mount.mode
        rw = mount.writable
        propagation = mount.propagation
    }
}

extension ContainerConfig {
    init(_ settings: ContainerSettings) {
        self.init()
        hostname = settings.hostname
        domainname = settings.domainName
        user = settings.user
        attachStdin = settings.attachStdin
        attachStdout = settings.attachStdout
        attachStderr = settings.attachStderr
        exposedPorts = settings.exposedPorts.isEmpty ? nil : Self.set(settings.exposedPorts)
        tty = settings.terminal
        openStdin = settings.openStdin
        stdinOnce = settings.stdinOnce
        env = settings.environment
        cmd = settings.command
        healthcheck = settings.healthcheck.map(HealthConfig.init)
        image = settings.image
        volumes = settings.volumes.isEmpty ? nil : Self.set(settings.volumes)
        workingDir = settings.workingDirectory
        entrypoint = settings.entrypoint
        networkDisabled = settings.networkDisabled ? true : nil
        macAddress = settings.macAddress.isEmpty ? nil : settings.macAddress
        onBuild = settings.onBuild
        labels = settings.labels
        stopSignal = settings.stopSignal
        stopTimeout = settings.stopTimeout
        shell = settings.shell
    }

    static func set(_ keys: some Sequence<String>) -> [String: EmptyObject] {
        Dictionary(keys.map { ($0, EmptyObject()) }, uniquingKeysWith: { first, _ in first })
    }
}

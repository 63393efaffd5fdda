internal import DockerAPI
internal import Engine
internal import Essentials

extension HostSettings {
    init(_ body: HostConfig, version: APIVersion) throws {
        self.init()
        readMounts(body)
        readNetwork(body)
        mounts = try body.mounts.map(MountRequest.init)
        autoRemove = body.autoRemove
        restartPolicy = try RestartPolicy(body.restartPolicy)
        usesInit = body.usesInit
        logDriver = body.logConfig.type
        logOptions = body.logConfig.config
        containerIDFile = body.containerIDFile
        consoleSize = ConsoleSize(rowsAndColumns: body.consoleSize)
        annotations = body.annotations
        ipcMode = body.ipcMode.isEmpty && version < APIVersion(1, 40) ? "shareable" : body.ipcMode
        pidMode = body.pidMode
        utsMode = body.utsMode
        usernsMode = body.usernsMode
        cgroupnsMode = body.cgroupnsMode.isEmpty && version < APIVersion(1, 41) ? "host" : body.cgroupnsMode
        cgroup = body.cgroup
        isolation = body.isolation
        readPrivileges(body)
        resources = ResourceSettings(body)
        shmSize = body.shmSize
        guard shmSize >= 0 else { throw GantryError.invalid("SHM size can not be less than 0") }
        oomScoreAdjustment = body.oomScoreAdj
    }

    private mutating func readMounts(_ body: HostConfig) {
        binds = body.binds
        tmpfs = body.tmpfs
        volumesFrom = body.volumesFrom
        volumeDriver = body.volumeDriver
        storageOptions = body.storageOpt
    }

    private mutating func readNetwork(_ body: HostConfig) {
        networkMode = body.networkMode
        portBindings = body.portBindings.mapValues { bindings in
            // An empty list asks for one ephemeral port.
            let bindings = bindings ?? []
            return bindings.isEmpty
                ? [PortBindingRequest()] : bindings.map { PortBindingRequest(hostAddress: $0.hostIp, hostPort: $0.hostPort) }
        }
        publishAllPorts = body.publishAllPorts
        dns = body.dns
        dnsOptions = body.dnsOptions
        dnsSearch = body.dnsSearch
        extraHosts = body.extraHosts
        links = body.links
    }

    private mutating func readPrivileges(_ body: HostConfig) {
        privileged = body.privileged
        readOnlyRootFileSystem = body.readonlyRootfs
        capabilitiesAdded = body.capAdd ?? []
        capabilitiesDropped = body.capDrop ?? []
        securityOptions = body.securityOpt
        groupsAdded = body.groupAdd
        maskedPaths = body.maskedPaths
        readOnlyPaths = body.readonlyPaths
        sysctls = body.sysctls
        runtime = body.runtime
    }
}

extension RestartPolicy {
    /// - Throws: `invalid` for a name that is none.
    init(_ body: RestartPolicyBody) throws {
        guard let name = body.name.isEmpty ? Name.no : Name(rawValue: body.name) else {
            throw GantryError.invalid(
                "invalid restart policy: unknown policy '\(body.name)'; "
                    + "use one of 'no', 'always', 'on-failure', or 'unless-stopped'")
        }
        self.init(name: name, maximumRetryCount: body.maximumRetryCount)
    }
}

extension ConsoleSize {
    /// From the API's `[rows, columns]`; nil for anything else and for zeros.
    init?(rowsAndColumns: [Int]?) {
        guard let size = rowsAndColumns, size.count == 2, size[0] > 0 || size[1] > 0, let rows = UInt16(exactly: size[0]),
            let columns = UInt16(exactly: size[1])
        else { return nil }
        self.init(columns: columns, rows: rows)
    }
}

extension MountRequest {
    /// - Throws: `invalid` in Docker's words. Source: Engine API 1.51, Mount.
    init(_ body: Mount) throws {
        func wrong(_ text: String) -> GantryError { .invalid("invalid mount config for type \"\(body.type)\": \(text)") }
        guard let kind = Kind(rawValue: body.type) else { throw wrong("mount type unknown") }
        guard !body.target.isEmpty else { throw wrong("field Target must not be empty") }
        self.init(kind: kind, destination: body.target)
        let foreign = [
            ("BindOptions", body.bindOptions != nil && kind != .bind),
            ("VolumeOptions", body.volumeOptions != nil && kind != .volume),
            ("TmpfsOptions", body.tmpfsOptions != nil && kind != .tmpfs),
            ("ImageOptions", body.imageOptions != nil && kind != .image),
        ]
        for (name, isForeign) in foreign where isForeign { throw wrong("field \(name) must not be specified") }
        switch kind {
        case .bind:
            guard !body.source.isEmpty else { throw wrong("field Source must not be empty") }
            guard body.source.hasPrefix("/") else {
                throw wrong("invalid mount path: '\(body.source)' mount path must be absolute")
            }
        case .tmpfs: guard body.source.isEmpty else { throw wrong("field Source must not be specified") }
        case .volume, .image: break
        }
        source = body.source
        readOnly = body.readOnly
        consistency = body.consistency
        readOptions(body)
    }

    private mutating func readOptions(_ body: Mount) {
        if let options = body.bindOptions {
            propagation = options.propagation
            nonRecursive = options.nonRecursive
            createSource = options.createMountpoint
            readOnlyNonRecursive = options.readOnlyNonRecursive
            readOnlyForceRecursive = options.readOnlyForceRecursive
        }
        if let options = body.volumeOptions {
            noCopy = options.noCopy
            subpath = options.subpath
            volumeLabels = options.labels
            volumeDriver = options.driverConfig?.name ?? ""
            volumeOptions = options.driverConfig?.options ?? [:]
        }
        if let options = body.imageOptions { subpath = options.subpath }
        if let options = body.tmpfsOptions {
            tmpfsSize = options.sizeBytes
            tmpfsMode = (GoFileMode.toUnix(options.mode) | options.mode & 0o7000) & 0o7777
        }
    }
}

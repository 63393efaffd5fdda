internal import DockerAPI
internal import Engine
internal import Essentials
internal import OCI

extension ImageSummary {
    init(_ image: ImageDetails, version: APIVersion) {
        self.init()
        containers = version < APIVersion(1, 51) ? -1 : image.containers
        created = image.createdAt?.seconds ?? 0
        id = image.id.description
        labels = image.config.config?.labels ?? [:]
        parentId = image.parent?.description ?? ""
        repoTags = image.tags
        repoDigests = image.repoDigests
        if image.tags.isEmpty && image.repoDigests.isEmpty && version < APIVersion(1, 43) {
            repoTags = ["<none>:<none>"]
            repoDigests = ["<none>@<none>"]
        }
        sharedSize = image.sharedSize ?? -1
        size = image.size
        virtualSize = version < APIVersion(1, 44) ? image.size : nil
    }
}

extension ImageInspect {
    init(_ image: ImageDetails, version: APIVersion) {
        self.init()
        id = image.id.description
        repoTags = image.tags
        repoDigests = image.repoDigests
        parent = image.parent?.description ?? ""
        comment = image.config.history?.last?.comment ?? ""
        created = image.createdAt?.rfc3339 ?? image.config.created ?? ""
        author = image.config.author ?? ""
        config = ContainerConfig(image.config.config ?? ContainerDefaults())
        if version < APIVersion(1, 45) {
            container = ""
            containerConfig = ContainerConfig()
        }
        architecture = image.config.architecture
        variant = image.config.variant ?? ""
        os = image.config.os
        osVersion = image.config.osVersion ?? ""
        size = image.size
        virtualSize = version < APIVersion(1, 44) ? image.size : nil
        graphDriver = GraphDriver(image.layerDirectories)
        graphDriver.data = graphDriver.data.filter { !$0.value.isEmpty }
        rootFileSystem.type = image.config.rootfs.type
        rootFileSystem.layers = image.config.rootfs.diffIDs.map(\.description)
        metadata.lastTagTime = image.lastTaggedAt?.rfc3339 ?? Timestamp.goZeroText
    }
}

extension ContainerConfig {
    init(_ defaults: ContainerDefaults) {
        self.init()
        user = defaults.user ?? ""
        exposedPorts = defaults.exposedPorts.map { Self.set($0.keys) }
        env = defaults.environment
        cmd = defaults.command
        entrypoint = defaults.entrypoint
        volumes = defaults.volumes.map { Self.set($0.keys) }
        workingDir = defaults.workingDirectory ?? ""
        labels = defaults.labels
        stopSignal = defaults.stopSignal
        healthcheck = defaults.healthcheck.map(HealthConfig.init)
        onBuild = defaults.onBuild
        shell = defaults.shell
        argsEscaped = defaults.argsEscaped
    }
}

extension HistoryItem {
    init(_ row: ImageHistoryRow) {
        self.init()
        comment = row.comment
        created = row.createdAt?.seconds ?? 0
        createdBy = row.createdBy
        id = row.id?.description ?? "<missing>"
        size = row.size
        tags = row.tags
    }
}

extension ImageDeleteItem {
    init(_ row: ImageRemovalRow) {
        self.init()
        switch row {
        case .untagged(let name): untagged = name
        case .deleted(let id): deleted = id.description
        }
    }
}

extension DescriptorBody {
    init(_ descriptor: Descriptor) {
        self.init()
        mediaType = descriptor.mediaType
        digest = descriptor.digest.description
        size = descriptor.size
        urls = descriptor.urls ?? []
        annotations = descriptor.annotations ?? [:]
        platform = descriptor.platform.map(PlatformBody.init)
        artifactType = descriptor.artifactType ?? ""
    }
}

extension PlatformBody {
    init(_ platform: Platform) {
        self.init()
        architecture = platform.architecture
        os = platform.os
        variant = platform.variant ?? ""
    }
}

extension RegistryLogin {
    init(_ body: AuthConfig) {
        self.init()
        username = body.username
        password = body.password
        serverAddress = body.serverAddress
        identityToken = body.identityToken
        registryToken = body.registryToken
        // `auth` is base64 of `user:password`, as in the client's configuration file.
        if username.isEmpty, password.isEmpty, let pair = Base64.decode(body.auth), !pair.isEmpty {
            let parts = String(decoding: pair, as: UTF8.self).split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            username = String(parts[0])
            password = parts.count > 1 ? String(parts[1]) : ""
        }
    }
}

extension JSONMessage {
    init(_ message: ProgressMessage) {
        self.init(stream: message.stream, status: message.status, id: message.id)
        if message.current != nil || message.total != nil {
            var detail = ProgressDetail()
            detail.current = message.current
            detail.total = message.total
            progressDetail = detail
        } else if message.id != nil, message.status?.hasPrefix("Pulling from") != true {
            progressDetail = ProgressDetail()
        }
        if let pushed = message.pushed {
            progressDetail = ProgressDetail()
            aux = .object([
                "Tag": .string(pushed.tag), "Digest": .string(pushed.digest.description), "Size": .integer(pushed.size),
            ])
        }
    }
}

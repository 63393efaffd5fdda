/// The configuration blob of an image; its digest is the image's id. Source: OCI image-spec, config, with Docker's additions.
package struct ImageConfig: Sendable, Hashable, Codable {
    package var created: String?
    package var author: String?
    package var architecture: String
    package var os: String
    package var osVersion: String?
    package var osFeatures: [String]?
    package var variant: String?
    package var config: ContainerDefaults?
    package var rootfs: RootFileSystem
    package var history: [History]?
    /// Records of the build cache whose layers are the image's, JSON in base64 (``BuildCacheConfig``).
    package var buildCache: String?

    enum CodingKeys: String, CodingKey {
        case created, author, architecture, os, variant, config, rootfs, history
        case osVersion = "os.version"
        case osFeatures = "os.features"
        case buildCache = "moby.buildkit.cache.v0"
    }

    package init(
        created: String? = nil, platform: Platform, config: ContainerDefaults = ContainerDefaults(), diffIDs: [Digest] = [],
        history: [History] = []
    ) {
        self.created = created
        architecture = platform.architecture
        os = platform.os
        variant = platform.variant
        self.config = config
        rootfs = RootFileSystem(diffIDs: diffIDs)
        self.history = history
    }

    package var platform: Platform { Platform(os: os, architecture: architecture, variant: variant) }

    package struct RootFileSystem: Sendable, Hashable, Codable {
        package var type: String = "layers"
        package var diffIDs: [Digest]

        enum CodingKeys: String, CodingKey {
            case type
            case diffIDs = "diff_ids"
        }

        package init(diffIDs: [Digest]) { self.diffIDs = diffIDs }
    }

    package struct History: Sendable, Hashable, Codable {
        package var created: String?
        package var createdBy: String?
        package var author: String?
        package var comment: String?
        package var emptyLayer: Bool?

        enum CodingKeys: String, CodingKey {
            case created, author, comment
            case createdBy = "created_by"
            case emptyLayer = "empty_layer"
        }

        package init(created: String?, createdBy: String?, author: String? = nil, comment: String? = nil, emptyLayer: Bool? = nil) {
            self.created = created
            self.createdBy = createdBy
            self.author = author
            self.comment = comment
            self.emptyLayer = emptyLayer
        }
    }
}

/// What a container made from an image gets unless told otherwise: the `config` object of the image configuration.
package struct ContainerDefaults: Sendable, Hashable, Codable {
    package var user: String?
    package var exposedPorts: [String: Empty]?
    package var environment: [String]?
    package var entrypoint: [String]?
    package var command: [String]?
    package var volumes: [String: Empty]?
    package var workingDirectory: String?
    package var labels: [String: String]?
    package var stopSignal: String?
    package var healthcheck: Healthcheck?
    package var onBuild: [String]?
    package var shell: [String]?
    package var argsEscaped: Bool?

    enum CodingKeys: String, CodingKey {
        case user = "User"
        case exposedPorts = "ExposedPorts"
        case environment = "Env"
        case entrypoint = "Entrypoint"
        case command = "Cmd"
        case volumes = "Volumes"
        case workingDirectory = "WorkingDir"
        case labels = "Labels"
        case stopSignal = "StopSignal"
        case healthcheck = "Healthcheck"
        case onBuild = "OnBuild"
        case shell = "Shell"
        case argsEscaped = "ArgsEscaped"
    }

    package init() {}

    /// `{}`: the value of maps that the specification uses as sets.
    package struct Empty: Sendable, Hashable, Codable {
        package init() {}
    }

    /// Docker's HEALTHCHECK; durations are nanoseconds.
    package struct Healthcheck: Sendable, Hashable, Codable {
        package var test: [String]?
        package var interval: Int64?
        package var timeout: Int64?
        package var startPeriod: Int64?
        package var startInterval: Int64?
        package var retries: Int?

        enum CodingKeys: String, CodingKey {
            case test = "Test"
            case interval = "Interval"
            case timeout = "Timeout"
            case startPeriod = "StartPeriod"
            case startInterval = "StartInterval"
            case retries = "Retries"
        }

        package init(test: [String]? = nil) { self.test = test }
    }
}

package import Builder
package import Essentials
package import OCI

/// The host, the daemon and what happens on them.
package protocol SystemOperations: Sendable {
    func information() async throws -> SystemInformation
    func diskUsage() async throws -> DiskUsage
    /// Past events since `since`, then live ones until `until` or for ever.
    func events(since: Timestamp?, until: Timestamp?, filters: [String: [String]]) async throws -> AsyncStream<EngineEvent>
}

/// Builds from Dockerfiles.
package protocol BuildOperations: Sendable {
    /// - Parameter context: a tar, plain or compressed.
    /// - Returns: the image's id; nil when none was asked for.
    func build(
        _ request: ImageBuildRequest, context: ByteStream, events: @escaping @Sendable (BuildEvent) async throws -> Void
    )
        async throws -> Digest?
    func cancel(_ buildID: String) async throws
    /// Holds the secrets and agents of a failed step (``KeptMounts/holder``) until the client leaves; writes a byte when it does.
    func holdMounts(_ id: String, to sink: ByteSink) async throws
    /// The last builds, newest first.
    func builds() async throws -> [BuildHistoryEntry]
    /// A build by the beginning of its id, empty for the newest, and what it printed.
    func build(_ id: String) async throws -> (entry: BuildHistoryEntry, log: String)
    /// What the layers of an image brought.
    func layers(of image: String) async throws -> LayerReport
    /// What two images have that is not the same.
    func compare(_ image: String, with other: String) async throws -> ImageComparison
    /// The file tree of a chain of layers as a tar; nil for an empty one.
    func exportLayers(_ chainID: Digest?, to sink: ByteSink) async throws
    /// The files of a result (``BuildExport``) as a tar.
    /// - Parameter isSplit: a folder for each platform; nil where there are several.
    func exportTree(_ resultID: String, isSplit: Bool?, to sink: ByteSink) async throws
    /// The images of a result as an OCI layout or docker-archive.
    func exportArchive(_ resultID: String, isDocker: Bool, to sink: ByteSink) async throws
    /// Pushes a result under a name, or under its digest alone.
    func pushResult(
        _ resultID: String, as reference: Reference, byDigest: Bool, credentials: RegistryLogin?, progress: @escaping ProgressSink)
        async throws
    /// The records that the filters of a prune admit, least recently used first.
    func cacheRecords(filters: [String: [String]]) async throws -> [DiskUsage.CacheRecord]
    /// The content of a cache mount as a tar.
    func exportMount(_ id: String, to sink: ByteSink) async throws
    /// Puts the content of a tar, which may be compressed, in the place of a cache mount's.
    func importMount(_ id: String, from archive: ByteStream) async throws
    /// Brings a cache mount to a registry.
    /// - Returns: the digest of its manifest.
    func pushMount(_ id: String, as reference: Reference, credentials: RegistryLogin?) async throws -> Digest
    /// Takes a cache mount from a registry.
    func pullMount(_ id: String, from reference: Reference, credentials: RegistryLogin?) async throws
    /// - Parameters:
    ///   - all: also results whose layers images stand on; the layers themselves stay then.
    ///   - filters: until, unused-for, id, parent, type, description, inuse, shared, private, mutable, immutable.
    ///   - budget: stop as soon as no more than it allows is left.
    func pruneCache(all: Bool, filters: [String: [String]], budget: BuildCacheBudget) async throws -> PruneReport
}

package struct ImageBuildRequest: Sendable {
    package var tags: [Reference] = []
    package var dockerfile = "Dockerfile"
    /// URL of a context or Dockerfile, in place of the stream.
    package var remote = ""
    package var buildID = ""
    package var options = BuildOptions()
    package var credentials: [String: RegistryLogin] = [:]
    /// Several, or empty for the one of the options.
    package var platforms: [Platform] = []
    /// Forms in which the result is wanted.
    package var exports: [BuildExportRequest] = []
    package var attestations: [AttestationRequest] = []
    /// What a client on this machine hands over beside the stream.
    package var local = LocalBuildParts()
    package var cacheSources: [CacheSource] = []
    package var cacheTargets: [CacheTarget] = []

    package init() {}
}

/// A form in which a build's result is wanted.
package struct BuildExportRequest: Sendable {
    package var form = ExportForm()
    /// The names in the store stand for the result in this form, so that a push of them gives the same.
    package var isForStore = false
    /// Only files are wanted: nothing is put together.
    package var isTree = false
    /// A result without names is called by this and its digest; empty for no name.
    package var danglingNamePrefix = ""
    /// The names get the digest as well.
    package var namesDigest = false

    package init() {}
}

/// What is to be said of the images. Source: docker buildx build, `--attest`.
package enum AttestationRequest: Sendable, Hashable {
    /// The packages in it, as SPDX.
    case contents
    /// How it was made, as SLSA provenance of version 0.2 or 1.
    case provenance(isFull: Bool, isVersion1: Bool)
}

/// What our own command line gives to a build beyond Docker's parameters.
package struct LocalBuildParts: Sendable {
    /// A folder, image or address with a name of its own in the Dockerfile.
    package struct NamedContext: Sendable {
        package enum Source: Sendable {
            case directory(PassedDescriptor, ignoreRules: String)
            /// An OCI layout; the value is a tag, a digest, or empty for its only image.
            case layout(PassedDescriptor, wanted: String)
            case image(String)
            case remote(String)
        }

        package var name: String
        package var source: Source

        package init(name: String, source: Source) {
            self.name = name
            self.source = source
        }
    }

    package var peer: PeerProcess?
    /// As the client knows itself.
    package var processID: Int32?
    package var context: PassedDescriptor?
    /// The context's folder by the client's name for it: recorded, never opened.
    package var contextPath: String?
    package var dockerfileText: String?
    package var ignoreRules: String?
    package var contexts: [NamedContext] = []
    /// Sockets of ssh agents, by id.
    package var agents: [String: PassedDescriptor] = [:]

    package init() {}
}

/// Something that happened. Source: Engine API, SystemEvents.
package struct EngineEvent: Sendable, Codable, Hashable {
    /// container, image, network, volume, daemon, builder.
    package var type: String
    package var action: String
    package var actorID: String
    package var attributes: [String: String]
    package var time: Timestamp

    package init(type: String, action: String, actorID: String, attributes: [String: String], time: Timestamp) {
        self.type = type
        self.action = action
        self.actorID = actorID
        self.attributes = attributes
        self.time = time
    }
}

package struct SystemInformation: Sendable {
    package var id = ""
    package var containersRunning = 0
    package var containersPaused = 0
    package var containersStopped = 0
    package var images = 0
    package var driverStatus: [[String]] = []
    /// Runtimes beside our own.
    package var runtimes: [String: ConfiguredRuntime] = [:]
    package var defaultRuntime = ""
    package var memoryLimit = false
    package var swapLimit = false
    package var kernelMemoryTCP = false
    package var cpuQuota = false
    package var cpuShares = false
    package var cpuset = false
    package var pidsLimit = false
    package var oomKillDisable = false
    package var ipv4Forwarding = true
    package var debug = false
    /// Those there are, and the daemon's own choice.
    package var logDrivers: [String] = []
    package var logDriver = "json-file"
    package var openDescriptors = 0
    package var eventListeners = 0
    package var cgroupVersion = "2"
    package var cgroupDriver = "cgroupfs"
    package var kernelVersion = ""
    package var operatingSystem = ""
    package var operatingSystemVersion = ""
    package var architecture = ""
    package var processors = 0
    /// Bytes.
    package var memory: Int64 = 0
    package var dataRoot = ""
    package var hostname = ""
    package var labels: [String] = []
    package var httpProxy = ""
    package var httpsProxy = ""
    package var noProxy = ""
    package var registryMirrors: [String] = []
    package var insecureRegistries: [String] = []
    package var securityOptions: [String] = []
    package var warnings: [String] = []
    package var addressPools: [(base: String, size: Int)] = []

    package init() {}
}

package struct DiskUsage: Sendable {
    package struct CacheRecord: Sendable {
        /// The kind of a directory of `--mount=type=cache`; results of steps are `regular`.
        package static let mountKind = "exec.cachemount"

        package var id: String
        package var kind: String
        package var description: String
        package var inUse: Bool
        package var shared: Bool
        package var size: Int64
        package var createdAt: Timestamp
        package var lastUsedAt: Timestamp?
        package var useCount: Int
        package var parents: [String]
    }

    /// Bytes of all layers together.
    package var layersSize: Int64
    package var images: [ImageDetails]
    package var containers: [ContainerDetails]
    package var volumes: [VolumeDetails]
    package var buildCache: [CacheRecord]
}

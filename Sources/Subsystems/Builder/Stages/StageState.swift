internal import Crypto
internal import Essentials
internal import OCI

/// What a stage has become so far: the image's configuration, its layers, and what only the build knows.
struct StageState: Sendable {
    struct Argument: Sendable {
        var name: String
        var value: String?
    }

    var config: ImageConfig
    /// Of the last layer; nil while there is none.
    var chainID: OCI.Digest?
    /// Of the base image.
    var baseChainID: OCI.Digest?
    /// Layers of the base image.
    private var baseLayers = 0
    /// What words are expanded with and RUN gets: the image's variables and the stage's arguments.
    var variables: Variables
    /// ARGs in order, for the texts of the history.
    var arguments: [Argument] = []
    /// CMD was given in this stage, so ENTRYPOINT leaves it alone.
    var commandIsSet = false
    /// The step that gave the last layer; nil when that is the base image.
    var layerStep: Int?
    /// Keys of the steps whose layers these are, lowest first.
    var stepKeys: [String] = []
    /// Time of the last layer, which metadata takes over so that the same build gives the same image.
    var createdAt: String?
    /// Nanoseconds since 1970 of the newest thing that went in: the base image, and the files copied. Nil when nothing had a time.
    var newestInput: Int64?
    /// Stands for this state where the classic builder had an image.
    var intermediateID: String

    static let defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// `FROM scratch`.
    init(scratch platform: Platform) {
        var defaults = ContainerDefaults()
        defaults.environment = [Self.defaultPath]
        defaults.workingDirectory = "/"
        config = ImageConfig(platform: platform, config: defaults)
        variables = Variables(environment: [Self.defaultPath])
        intermediateID = ""
    }

    /// `FROM image`.
    init(base: BaseImage) {
        config = base.config
        config.buildCache = nil
        chainID = base.chainID
        baseChainID = base.chainID
        baseLayers = base.config.rootfs.diffIDs.count
        variables = Variables(environment: base.config.config?.environment ?? [])
        createdAt = base.config.created
        newestInput = base.config.created.flatMap { Timestamp(rfc3339: $0)?.nanoseconds }
        intermediateID = base.digest.description
        // What the builder decides anew belongs to the base alone.
        config.config = base.config.config ?? ContainerDefaults()
        if config.config?.environment == nil { set { $0.environment = [Self.defaultPath] } }
        if base.config.config?.environment == nil { variables = Variables(environment: [Self.defaultPath]) }
    }

    /// What no time in a layer may be later than, so that the same input gives the same layer.
    func timeLimit(_ session: BuildSession) -> Int64? { session.epoch ?? newestInput }

    /// Takes the time of something copied into account.
    mutating func sawInput(at time: Int64?) {
        guard let time else { return }
        newestInput = max(newestInput ?? time, time)
    }

    var defaults: ContainerDefaults { config.config ?? ContainerDefaults() }

    mutating func set(_ change: (inout ContainerDefaults) -> Void) {
        var defaults = self.defaults
        change(&defaults)
        config.config = defaults
    }

    var workingDirectory: String {
        let path = defaults.workingDirectory ?? ""
        return path.isEmpty ? "/" : path
    }

    var shell: [String] { defaults.shell ?? ["/bin/sh", "-c"] }

    /// Adds a line to the history of an instruction without a layer.
    mutating func note(_ text: String) {
        append(text, created: createdAt, isEmpty: true)
    }

    /// Adds a layer and its line of the history.
    /// - Parameter key: of the step.
    mutating func add(_ layer: CommittedLayer, _ text: String, step: Int, key: String) {
        stepKeys.append(key)
        config.rootfs.diffIDs.append(layer.diffID)
        chainID = layer.chainID
        layerStep = step
        createdAt = layer.createdAt.rfc3339
        append(text, created: createdAt, isEmpty: false)
    }

    private mutating func append(_ text: String, created: String?, isEmpty: Bool) {
        var history = config.history ?? []
        history.append(
            ImageConfig.History(
                created: created, createdBy: text, comment: "buildkit.dockerfile.v0", emptyLayer: isEmpty ? true : nil))
        config.history = history
        let layer = chainID?.description ?? ""
        intermediateID = "sha256:" + Identifier.hex(SHA256.hash(data: Array("\(intermediateID)\n\(text)\n\(layer)".utf8)))
    }

    /// All layers above the base become `layer`; the lines of the history stay, without layers.
    mutating func squash(_ layer: StepLayer) {
        config.rootfs.diffIDs = Array(config.rootfs.diffIDs.prefix(baseLayers)) + [layer.diffID]
        chainID = layer.chainID
        var layers = 0
        let history = (config.history ?? []).map { line in
            var line = line
            if line.emptyLayer != true {
                layers += 1
                if layers > baseLayers { line.emptyLayer = true }
            }
            return line
        }
        config.history = history + [ImageConfig.History(created: createdAt, createdBy: "", comment: "squashed layers")]
    }

    /// A layer that a step has.
    struct CommittedLayer: Sendable {
        var chainID: OCI.Digest
        var diffID: OCI.Digest
        var createdAt: Timestamp
    }
}

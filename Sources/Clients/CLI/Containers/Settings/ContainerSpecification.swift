import DockerAPI
import Essentials

/// What to create: the bodies of the API, and what the client does around it.
struct ContainerSpecification: Sendable {
    var body: ContainerCreateBody
    var name: String?
    var platform: String?
    /// `always`, `missing` or `never`.
    var pull: String
    var quiet: Bool
    var idFile: String?
    /// The user named streams with `-a`.
    var choseStreams: Bool

    /// - Parameter words: image, command and arguments.
    /// - Throws: ``UsageError`` for values that flags cannot take, ``GantryError`` for what does not fit together.
    init(_ flags: ContainerFlags, words: [String], environment: [String: String]) throws {
        guard ["always", "missing", "never"].contains(flags.pull) else {
            throw GantryError.invalid("invalid pull option: '\(flags.pull)': must be one of \"always\", \"missing\" or \"never\"")
        }
        try flags.checkValues()
        body = ContainerCreateBody()
        body.config = try flags.config(words: words, environment: environment)
        let host = try flags.hostConfig(environment: environment)
        body.networkingConfig = try flags.network.networkingConfig()
        body.config.exposedPorts = try flags.network.exposedPorts()
        // Volumes that have a source are binds; the others are the container's own.
        let anonymous = try VolumeFlag.split(flags.host.volume).anonymous
        if !anonymous.isEmpty {
            body.config.volumes = Dictionary(anonymous.map { ($0, EmptyObject()) }, uniquingKeysWith: { first, _ in first })
        }
        body.hostConfig = host
        name = flags.containerName.isEmpty ? nil : flags.containerName
        platform = flags.platform
        pull = flags.pull
        quiet = flags.quiet
        idFile = flags.cidfile.isEmpty ? nil : flags.cidfile
        choseStreams = !flags.attach.isEmpty
    }

    /// Nobody listens: the container starts with no stream attached.
    mutating func detach() {
        body.config.attachStdin = false
        body.config.attachStdout = false
        body.config.attachStderr = false
        body.config.stdinOnce = false
    }
}

/// What the container is to run, without regard to the host. Source: Engine API 1.51, ContainerConfig.
package struct ContainerConfig: Codable, Sendable, Hashable {
    @Lenient package var hostname = ""
    @Lenient package var domainname = ""
    @Lenient package var user = ""
    @Lenient package var attachStdin = false
    @Lenient package var attachStdout = false
    @Lenient package var attachStderr = false
    /// Keys such as `80/tcp`; a set written as an object of empty objects.
    package var exposedPorts: [String: EmptyObject]?
    @Lenient package var tty = false
    @Lenient package var openStdin = false
    @Lenient package var stdinOnce = false
    @Null package var env: [String]?
    @Words package var cmd: [String]?
    package var healthcheck: HealthConfig?
    package var argsEscaped: Bool?
    @Lenient package var image = ""
    @Null package var volumes: [String: EmptyObject]?
    @Lenient package var workingDir = ""
    @Words package var entrypoint: [String]?
    package var networkDisabled: Bool?
    /// Before API 1.44 only.
    package var macAddress: String?
    @Null package var onBuild: [String]?
    @Null package var labels: [String: String]?
    package var stopSignal: String?
    /// Seconds.
    package var stopTimeout: Int?
    package var shell: [String]?

    package init() {}

    enum CodingKeys: String, CodingKey {
        case hostname = "Hostname"
        case domainname = "Domainname"
        case user = "User"
        case attachStdin = "AttachStdin"
        case attachStdout = "AttachStdout"
        case attachStderr = "AttachStderr"
        case exposedPorts = "ExposedPorts"
        case tty = "Tty"
        case openStdin = "OpenStdin"
        case stdinOnce = "StdinOnce"
        case env = "Env"
        case cmd = "Cmd"
        case healthcheck = "Healthcheck"
        case argsEscaped = "ArgsEscaped"
        case image = "Image"
        case volumes = "Volumes"
        case workingDir = "WorkingDir"
        case entrypoint = "Entrypoint"
        case networkDisabled = "NetworkDisabled"
        case macAddress = "MacAddress"
        case onBuild = "OnBuild"
        case labels = "Labels"
        case stopSignal = "StopSignal"
        case stopTimeout = "StopTimeout"
        case shell = "Shell"
    }
}

extension ContainerConfig: Blank {
    package static var blank: ContainerConfig { ContainerConfig() }
}

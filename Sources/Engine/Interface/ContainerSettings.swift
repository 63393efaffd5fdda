import Essentials
package import OCI

/// What a container is to be: the program, its surroundings and its limits. Stored as it was asked for, merged with the image.
package struct ContainerSettings: Sendable, Codable, Hashable {
    /// The image as the user named it.
    package var image: String
    package var hostname: String = ""
    package var domainName: String = ""
    /// `user[:group]`, names or numbers; empty means the image's root.
    package var user: String = ""
    /// `KEY=value` in order.
    package var environment: [String] = []
    /// nil: the image's.
    package var command: [String]?
    /// nil: the image's; `[]` or `[""]`: none.
    package var entrypoint: [String]?
    package var workingDirectory: String = ""
    package var labels: [String: String] = [:]
    /// `80/tcp`.
    package var exposedPorts: Set<String> = []
    /// Destinations that get an anonymous volume.
    package var volumes: Set<String> = []
    package var terminal: Bool = false
    package var openStdin: Bool = false
    /// Standard input closes when the first attached client closes its side.
    package var stdinOnce: Bool = false
    package var attachStdin: Bool = false
    package var attachStdout: Bool = true
    package var attachStderr: Bool = true
    package var stopSignal: String?
    /// Seconds.
    package var stopTimeout: Int?
    package var healthcheck: ContainerDefaults.Healthcheck?
    package var networkDisabled: Bool = false
    package var macAddress: String = ""
    package var onBuild: [String]?
    package var shell: [String]?
    package var host = HostSettings()
    /// By network name or id as the user wrote it. The first is the one of `host.networkMode`.
    package var networks: [String: NetworkAttachmentSettings] = [:]

    package init(image: String) { self.image = image }
}

/// How a container is tied into one network.
package struct NetworkAttachmentSettings: Sendable, Codable, Hashable {
    package var aliases: [String] = []
    package var links: [String] = []
    package var ipv4Address: String?
    package var ipv6Address: String?
    package var linkLocalAddresses: [String] = []
    package var macAddress: String?
    package var driverOptions: [String: String] = [:]
    package var gatewayPriority: Int = 0

    package init() {}
}

/// One requested host binding of a container port. An empty `hostPort` asks for an ephemeral one; a range is `8000-8010`.
package struct PortBindingRequest: Sendable, Codable, Hashable {
    package var hostAddress: String
    package var hostPort: String

    package init(hostAddress: String = "", hostPort: String = "") {
        self.hostAddress = hostAddress
        self.hostPort = hostPort
    }
}

/// What `--mount` asks for.
package struct MountRequest: Sendable, Codable, Hashable {
    package enum Kind: String, Sendable, Codable { case bind, volume, tmpfs, image }

    package var kind: Kind
    package var source: String = ""
    package var destination: String
    package var readOnly: Bool = false
    package var consistency: String = ""
    package var propagation: String = ""
    package var nonRecursive: Bool = false
    package var createSource: Bool = false
    package var readOnlyNonRecursive: Bool = false
    package var readOnlyForceRecursive: Bool = false
    package var noCopy: Bool = false
    package var subpath: String = ""
    package var volumeLabels: [String: String] = [:]
    package var volumeDriver: String = ""
    package var volumeOptions: [String: String] = [:]
    /// Bytes; 0 for no limit.
    package var tmpfsSize: Int64 = 0
    /// Permission bits; 0 for 1777.
    package var tmpfsMode: UInt32 = 0

    package init(kind: Kind, destination: String) {
        self.kind = kind
        self.destination = destination
    }
}

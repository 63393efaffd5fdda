package import Essentials
package import OCI

/// The moment of a container's life.
package enum ContainerPhase: Sendable, Codable, Hashable {
    case created
    case running(processID: Int32)
    case paused(processID: Int32)
    case restarting
    case exited
    case removing
    case dead

    /// The word that the Engine API uses.
    package var word: String {
        switch self {
        case .created: "created"
        case .running: "running"
        case .paused: "paused"
        case .restarting: "restarting"
        case .exited: "exited"
        case .removing: "removing"
        case .dead: "dead"
        }
    }

    /// Of the first process, while there is one.
    package var processID: Int32? {
        switch self {
        case .running(let id), .paused(let id): id
        default: nil
        }
    }
}

/// One run of a container from start to exit.
package struct ContainerRun: Sendable, Codable, Hashable {
    package var startedAt: Timestamp?
    /// nil while it runs.
    package var finishedAt: Timestamp?
    package var exitCode: Int32 = 0
    package var outOfMemory: Bool = false
    /// Why the start failed or the container was lost; empty otherwise.
    package var error: String = ""
    /// What its processes run under; nil without AppArmor.
    package var appArmorProfile: String?

    package init() {}
}

/// Everything there is to know of a container at one moment: what `inspect` shows.
package struct ContainerDetails: Sendable {
    package var id: String
    /// Without the leading slash.
    package var name: String
    package var createdAt: Timestamp
    package var settings: ContainerSettings
    /// What the settings and the image's defaults come to.
    package var program: [String]
    package var imageID: Digest
    package var platform: Platform
    package var phase: ContainerPhase
    package var run: ContainerRun
    package var restartCount: Int
    package var health: ContainerHealth?
    package var mounts: [MountDetails]
    /// Live attachments while running; what will be attached otherwise.
    package var networks: [EndpointDetails]
    /// Published ports while running: `80/tcp` to host bindings; exposed but unpublished ports have an empty list.
    package var ports: [String: [PublishedPort]]
    package var execIDs: [String]
    package var logPath: String
    package var hostnamePath: String
    package var hostsPath: String
    package var resolvConfPath: String
    /// Overlay directories: upper, work, and lowers topmost first.
    package var layerDirectories: LayerDirectories
    /// Bytes; filled only when asked for.
    package var writableSize: Int64?
    package var rootSize: Int64?
    package var why: ContainerWhy
    /// `other/alias` for each container that links to this one; filled by lists only.
    package var linkNames: [String] = []
}

package struct LayerDirectories: Sendable, Hashable {
    package var upper: String
    package var work: String
    package var lower: [String]
}

package struct ContainerHealth: Sendable, Codable, Hashable {
    package enum Status: String, Sendable, Codable { case starting, healthy, unhealthy, none }
    package struct Probe: Sendable, Codable, Hashable {
        package var startedAt: Timestamp
        package var finishedAt: Timestamp
        package var exitCode: Int
        package var output: String
    }

    package var status: Status
    package var failingStreak: Int
    package var log: [Probe]
}

package struct MountDetails: Sendable, Codable, Hashable {
    package var kind: MountRequest.Kind
    /// Volume name; empty for binds.
    package var name: String
    package var source: String
    package var destination: String
    package var driver: String
    /// The options column: `z`, `ro`, …
    package var mode: String
    package var writable: Bool
    package var propagation: String
}

package struct EndpointDetails: Sendable, Hashable {
    package var networkName: String
    package var networkID: String
    package var settings: NetworkAttachmentSettings
    /// Empty when not live.
    package var endpointID: String = ""
    package var ipv4Address: String = ""
    package var ipv4PrefixLength: Int = 0
    package var gateway: String = ""
    package var ipv6Address: String = ""
    package var ipv6PrefixLength: Int = 0
    package var ipv6Gateway: String = ""
    package var macAddress: String = ""
    /// Names that resolve to this container on the network.
    package var dnsNames: [String] = []
}

package struct PublishedPort: Sendable, Hashable, Codable {
    package var hostAddress: String
    package var hostPort: UInt16
}

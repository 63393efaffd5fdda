import Essentials
import OCI

/// What the database keeps of a container: enough to go on with it after any end of the daemon.
struct ContainerRecord: Codable, Sendable, Hashable {
    var id: String
    var name: String
    var createdAt: Timestamp
    var settings: ContainerSettings
    /// Entry point and command together.
    var program: [String]
    var imageID: Digest
    /// The image's layers: what the writable layer stands on.
    var chainID: Digest?
    var platform: Platform
    var phase: ContainerPhase = .created
    var run = ContainerRun()
    var restartCount = 0
    /// Set by stop and kill: restart policies leave the container alone then.
    var stoppedByUser = false
    var mounts: [ResolvedMount] = []
    /// Volumes made for this container alone; they go with it.
    var anonymousVolumes: [String] = []
    /// By network id: what each network was asked to do for it. Kept while the container is stopped.
    var attachments: [NetworkAttachment] = []
    /// Published while running.
    var ports: [String: [PublishedPort]] = [:]

    /// nil in records of before there was one.
    var history: EndHistory?
    /// Of the present run, and what it was at the last end.
    var health: ContainerHealth?

    /// Labels with image and name, as events show them.
    var eventAttributes: [String: String] {
        settings.labels.merging(["image": settings.image, "name": name]) { _, new in new }
    }
}

/// A mount with everything decided but the kernel's part.
struct ResolvedMount: Codable, Sendable, Hashable {
    var kind: MountRequest.Kind
    /// Host path of a bind, name of a volume, id of an image; empty for tmpfs.
    var source: String
    var destination: String
    var readOnly = false
    var propagation = ""
    var nonRecursive = false
    /// What the user wrote after the second colon.
    var mode = ""
    var driver = ""
    var noCopy = false
    var subpath = ""
    /// tmpfs mount options, comma separated.
    var tmpfsOptions = ""
    /// Made as a directory when missing.
    var createSource = false
}

/// A network that a container is or will be in.
struct NetworkAttachment: Codable, Sendable, Hashable {
    var networkID: String
    var networkName: String
    var settings: NetworkAttachmentSettings

    /// The id where it is known: a network may have been made again under its name.
    var nameOrID: String { networkID.isEmpty ? networkName : networkID }
}

package import Essentials
package import OCI

/// Images and their way to and from registries.
package protocol ImageOperations: Sendable {
    /// - Parameter filters: dangling, label, before, since, reference, until.
    func list(all: Bool, filters: [String: [String]], sharedSize: Bool) async throws -> [ImageDetails]
    func details(_ name: NameOrID) async throws -> ImageDetails
    func history(_ name: NameOrID) async throws -> [ImageHistoryRow]
    func tag(_ name: NameOrID, as reference: Reference) async throws
    func remove(_ name: NameOrID, force: Bool, prune: Bool) async throws -> [ImageRemovalRow]
    func prune(filters: [String: [String]]) async throws -> (removed: [ImageRemovalRow], reclaimed: Int64)
    /// Pulls one image, or all tags of a repository when the reference has neither tag nor digest and `allTags` is set.
    /// Errors before the first progress are thrown at once.
    /// - Parameter allPlatforms: the images for all platforms that the name has, under the name as a list.
    func pull(
        _ reference: Reference, allTags: Bool, platform: Platform?, allPlatforms: Bool, credentials: RegistryLogin?,
        progress: @escaping ProgressSink)
        async throws
    /// Pushes one tag, or all of the repository without one.
    /// - Parameter platform: the image for it alone; nil for all that the name stands for.
    func push(
        _ reference: Reference, platform: Platform?, credentials: RegistryLogin?, progress: @escaping ProgressSink
    ) async throws
    /// A docker-archive with OCI layout.
    /// - Parameter platforms: only the images for these; all when empty.
    func save(_ names: [NameOrID], platforms: [Platform], to sink: ByteSink) async throws
    func load(_ archive: ByteStream, platforms: [Platform], quiet: Bool, progress: @escaping ProgressSink) async throws
    /// A root file system as an image; the last progress names its id.
    func importArchive(
        _ archive: ByteStream, as reference: Reference?, message: String, changes: [String], platform: Platform?,
        progress: @escaping ProgressSink) async throws
    /// Asks the registry whether the login is right.
    /// - Returns: an identity token, or empty.
    func login(_ login: RegistryLogin) async throws -> String
    /// What a registry says of a name, without pulling.
    func distribution(_ reference: Reference, credentials: RegistryLogin?) async throws -> (Descriptor, [Platform])
}

/// What a client sent as its registry credentials.
package struct RegistryLogin: Sendable {
    package var username = ""
    package var password = ""
    package var serverAddress = ""
    package var identityToken = ""
    package var registryToken = ""

    package init() {}
}

/// A progress message of a pull, push, load or import, in the field order of the Engine API's JSON messages.
package struct ProgressMessage: Sendable {
    package var stream: String?
    package var status: String?
    package var id: String?
    /// Bytes; nil when there is no bar to draw.
    package var current: Int64?
    package var total: Int64?
    /// Of the digest and size line that ends a push.
    package var pushed: (tag: String, digest: Digest, size: Int64)?

    package init(stream: String? = nil, status: String? = nil, id: String? = nil, current: Int64? = nil, total: Int64? = nil) {
        self.stream = stream
        self.status = status
        self.id = id
        self.current = current
        self.total = total
    }
}

package typealias ProgressSink = @Sendable (ProgressMessage) async throws -> Void

package struct ImageDetails: Sendable {
    package var id: Digest
    package var tags: [String]
    /// `repo@sha256:…`.
    package var repoDigests: [String]
    package var parent: Digest?
    package var config: ImageConfig
    package var createdAt: Timestamp?
    /// Bytes of all layers, unpacked.
    package var size: Int64
    /// Filled only when asked for.
    package var sharedSize: Int64?
    package var containers: Int
    package var layerDirectories: LayerDirectories
    package var lastTaggedAt: Timestamp?
}

package struct ImageHistoryRow: Sendable {
    /// nil is shown as `<missing>`.
    package var id: Digest?
    package var createdAt: Timestamp?
    package var createdBy: String
    package var tags: [String]
    package var size: Int64
    package var comment: String
}

package enum ImageRemovalRow: Sendable {
    case untagged(String)
    case deleted(Digest)
}

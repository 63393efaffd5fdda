import Essentials
package import OCI

/// The files beside the blobs of an image archive.
/// Source: Docker Image Specification v1.2, Combined Image JSON + Filesystem Changeset Format; OCI image-spec, image-layout.
enum ImageArchive {
    static let manifestName = "manifest.json"
    static let indexName = "index.json"
    static let layoutName = "oci-layout"
    static let repositoriesName = "repositories"
    static let layout = Array(#"{"imageLayoutVersion": "1.0.0"}"#.utf8)
    /// Full name of an image in an index's annotations, and its tag.
    static let nameAnnotation = "io.containerd.image.name"
    static let tagAnnotation = "org.opencontainers.image.ref.name"

    static func blobName(_ digest: Digest) -> String { "blobs/\(digest.algorithm)/\(digest.hex)" }

    /// One image of `manifest.json`.
    struct Entry: Codable {
        var config: String
        var repoTags: [String]?
        var layers: [String]
        var layerSources: [String: Descriptor]?

        enum CodingKeys: String, CodingKey {
            case config = "Config"
            case repoTags = "RepoTags"
            case layers = "Layers"
            case layerSources = "LayerSources"
        }
    }
}

/// An image that a load brought.
package struct LoadedImage: Sendable, Hashable {
    package let id: Digest
    /// Names given to it; none when the archive had none.
    package let references: [Reference]
    /// Where the archive had it for several platforms: all of them, this one among them. Their names are those of a list only
    /// once ``ImageStore/setList(_:as:)`` says so.
    package let members: [ImageList.Member]

    package init(id: Digest, references: [Reference], members: [ImageList.Member] = []) {
        self.id = id
        self.references = references
        self.members = members
    }
}

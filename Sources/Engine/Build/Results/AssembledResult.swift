import Images
import OCI

/// A result as registries and layouts have it: layers as blobs of the store, everything else as bytes.
struct AssembledResult: Sendable {
    struct Document: Sendable {
        var descriptor: Descriptor
        var bytes: [UInt8]
    }

    /// The manifest or index that a name stands for.
    var root: Document
    /// Manifests below an index, those that others speak of first.
    var manifests: [Document] = []
    /// Configurations and statements.
    var small: [Document] = []
    var layers: [Descriptor] = []
    /// Of each layer the one it was made from.
    var origins: [Digest: Layer] = [:]
    /// Of the only image.
    var configDigest: Digest?
    /// For a docker-archive: the images' layers, lowest first, by the configuration.
    var layersByConfig: [Digest: [Descriptor]] = [:]

    /// Every blob's digest once, with its bytes or nil for a blob of the store, in the order of their digests.
    var blobs: [(digest: Digest, size: Int64, bytes: [UInt8]?)] {
        var found: [String: (Digest, Int64, [UInt8]?)] = [:]
        for document in [root] + manifests + small {
            found[document.descriptor.digest.hex] = (document.descriptor.digest, document.descriptor.size, document.bytes)
        }
        for layer in layers { found[layer.digest.hex] = (layer.digest, layer.size, nil) }
        return found.sorted { $0.key < $1.key }.map(\.value)
    }
}

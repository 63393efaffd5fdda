import FoundationEssentials
import Images
import OCI

/// The manifest that an image is pushed with.
struct ManifestText {
    var bytes: [UInt8]
    var mediaType: String

    /// The one that the image was pulled with where the layers go back as they came; else Docker's (version 2, schema 2), laid out
    /// as Docker does, so that equal images get equal digests from either.
    init(image: Image, layers: [Descriptor]) {
        if let original = image.manifest, let manifest = try? JSONDecoder().decode(Manifest.self, from: Data(original)),
            let type = manifest.mediaType, manifest.config.digest == image.id, manifest.layers.map(\.digest) == layers.map(\.digest)
        {
            (bytes, mediaType) = (original, type)
            return
        }
        let isDocker = layers.allSatisfy { $0.mediaType.hasSuffix("gzip") }
        mediaType = isDocker ? MediaType.dockerManifest : MediaType.manifest
        let config = Descriptor(
            mediaType: isDocker ? MediaType.dockerConfig : MediaType.config, digest: image.id, size: Int64(image.configBytes.count))
        var text =
            "{\n   \"schemaVersion\": 2,\n   \"mediaType\": \"\(mediaType)\",\n   \"config\": \(Self.object(config, config.mediaType, 1)),\n   \"layers\": ["
        for (number, layer) in layers.enumerated() {
            let type =
                isDocker ? MediaType.dockerLayerGzip : layer.mediaType.hasSuffix("zstd") ? MediaType.layerZstd : MediaType.layerGzip
            text += (number > 0 ? "," : "") + "\n      " + Self.object(layer, type, 2)
        }
        text += layers.isEmpty ? "]\n}" : "\n   ]\n}"
        bytes = Array(text.utf8)
    }

    private static func object(_ descriptor: Descriptor, _ type: String, _ depth: Int) -> String {
        let indent = String(repeating: "   ", count: depth)
        return
            "{\n\(indent)   \"mediaType\": \"\(type)\",\n\(indent)   \"size\": \(descriptor.size),\n\(indent)   \"digest\": \"\(descriptor.digest)\"\n\(indent)}"
    }
}

import Compression
import Essentials
import Images
import OCI

/// A layer of the store as a blob in a wanted compression. Blocks.
struct LayerForm: Sendable {
    let layer: Layer
    let store: ImageStore
    let forms: CompressedForms
    let target: CacheTarget

    /// The form that the layer came in, or that was made before, where it may be used.
    var known: Descriptor? {
        if let blob = layer.blob, !target.forcesCompression || Self.compression(of: blob) == target.compression {
            return annotated(blob)
        }
        guard target.compression == .gzip, target.level == nil else { return nil }
        return forms[layer.diffID].map(annotated)
    }

    /// A blob in the store.
    func make() throws -> Descriptor {
        if let known, store.hasBlob(known.digest) { return known }
        let ingest = try store.beginIngest()
        if target.compression == .uncompressed {
            try store.writeLayerTar(layer) { try ingest.write($0) }
        } else {
            let compressor = try Compressor(target.compression == .gzip ? .gzip : .zstd, level: target.level) {
                try ingest.write($0)
            }
            try store.writeLayerTar(layer) { try compressor.write($0) }
            try compressor.finish()
        }
        let size = ingest.written
        let type: String =
            switch target.compression {
            case .uncompressed: MediaType.layer
            case .gzip: MediaType.layerGzip
            case .zstd: MediaType.layerZstd
            }
        let blob = Descriptor(mediaType: type, digest: try ingest.commit(), size: size)
        if target.compression == .gzip, target.level == nil {
            // Pushes call it by Docker's name.
            forms[layer.diffID] = Descriptor(mediaType: MediaType.dockerLayerGzip, digest: blob.digest, size: size)
        }
        return annotated(blob)
    }

    private func annotated(_ blob: Descriptor) -> Descriptor {
        var blob = blob
        blob.annotations = [BuildCacheConfig.diffIDAnnotation: layer.diffID.description]
        return blob
    }

    static func compression(of blob: Descriptor) -> CacheTarget.Compression {
        blob.mediaType.hasSuffix("gzip") ? .gzip : blob.mediaType.hasSuffix("zstd") ? .zstd : .uncompressed
    }

    /// The type of equal compression among OCI's or Docker's.
    static func mediaType(_ type: String, oci: Bool) -> String {
        if type.hasSuffix("gzip") { return oci ? MediaType.layerGzip : MediaType.dockerLayerGzip }
        if type.hasSuffix("zstd") { return oci ? MediaType.layerZstd : MediaType.dockerLayerZstd }
        return oci ? MediaType.layer : MediaType.dockerLayer
    }
}

import Compression
import Essentials
import Images
import OCI
import Synchronization

/// The blobs in which layers were exported, by the form asked for: exporting again gives the same bytes.
final class LayerForms: Sendable {
    private struct Key: Hashable {
        var layer: Digest
        var compression: ExportForm.Compression
        var level: Int?
    }

    private let known = Mutex<[Key: Descriptor]>([:])

    /// A blob in the store with the layer; made when there is none. Blocks.
    ///
    /// A layer that was pulled or loaded goes out as it came in unless the form is forced.
    func descriptor(of layer: Layer, _ form: ExportForm, _ store: ImageStore) throws -> Descriptor {
        let wanted = form.compression ?? .gzip
        if let blob = try store.layerBlob(for: layer), !form.isForced || (Self.compression(blob) == wanted && form.level == nil) {
            return blob
        }
        let key = Key(layer: layer.diffID, compression: wanted, level: wanted == .uncompressed ? nil : form.level)
        if let found = known.withLock({ $0[key] }), store.hasBlob(found.digest) { return found }
        let ingest = try store.beginIngest()
        let mediaType: String
        switch wanted {
        case .uncompressed:
            mediaType = MediaType.layer
            try store.writeLayerTar(layer) { try ingest.write($0) }
        case .gzip, .zstd:
            mediaType = wanted == .gzip ? MediaType.layerGzip : MediaType.layerZstd
            let compressor = try Compressor(wanted == .gzip ? .gzip : .zstd, level: form.level) { try ingest.write($0) }
            try store.writeLayerTar(layer) { try compressor.write($0) }
            try compressor.finish()
        }
        let size = ingest.written
        let made = Descriptor(mediaType: mediaType, digest: try ingest.commit(), size: size)
        known.withLock { $0[key] = made }
        return made
    }

    private static func compression(_ blob: Descriptor) -> ExportForm.Compression? {
        if blob.mediaType.hasSuffix("gzip") { return .gzip }
        if blob.mediaType.hasSuffix("zstd") { return .zstd }
        return blob.mediaType.hasSuffix("tar") ? .uncompressed : nil
    }
}

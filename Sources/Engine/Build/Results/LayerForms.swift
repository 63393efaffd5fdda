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

    /// What the layer is called in a manifest. Its bytes are made where it is not known yet, and may be gone again by the time
    /// they are needed: ``restore(_:_:_:)``. Blocks.
    ///
    /// A layer that was pulled or loaded goes out as it came in unless the form is forced.
    func descriptor(of layer: Layer, _ form: ExportForm, _ store: ImageStore) throws -> Descriptor {
        let wanted = form.compression ?? .gzip
        // What registries do not take is not kept either.
        if let blob = try store.layerBlob(for: layer), let own = Self.compression(blob),
            !form.isForced || (own == wanted && form.level == nil)
        {
            return blob
        }
        let key = Key(layer: layer.diffID, compression: wanted, level: wanted == .uncompressed ? nil : form.level)
        if let found = known.withLock({ $0[key] }) { return found }
        return try make(layer, key, store)
    }

    /// Makes sure that the store has the bytes of what ``descriptor(of:_:_:)`` has answered. Blocks.
    func restore(_ layer: Layer, _ form: ExportForm, _ store: ImageStore) throws {
        let descriptor = try descriptor(of: layer, form, store)
        guard !store.hasBlob(descriptor.digest) else { return }
        let wanted = form.compression ?? .gzip
        let key = Key(layer: layer.diffID, compression: wanted, level: wanted == .uncompressed ? nil : form.level)
        guard try make(layer, key, store) == descriptor else {
            throw GantryError.internal("compressing the layer `\(layer.diffID)` again gave something else")
        }
    }

    private func make(_ layer: Layer, _ key: Key, _ store: ImageStore) throws -> Descriptor {
        let ingest = try store.beginIngest()
        let mediaType: String
        switch key.compression {
        case .uncompressed:
            mediaType = MediaType.layer
            try store.writeLayerTar(layer) { try ingest.write($0) }
        case .gzip, .zstd:
            mediaType = key.compression == .gzip ? MediaType.layerGzip : MediaType.layerZstd
            let compressor = try Compressor(key.compression == .gzip ? .gzip : .zstd, level: key.level) { try ingest.write($0) }
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

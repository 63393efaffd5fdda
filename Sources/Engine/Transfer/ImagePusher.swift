import Compression
import Essentials
import Images
import LinuxSystem
import Logging
import OCI
import RegistryClient
import Synchronization

/// Brings one image of the store to a registry under one tag.
struct ImagePusher: Sendable {
    /// Uploads at once.
    private static let parallelUploads = 5

    let store: ImageStore
    let forms: CompressedForms
    let repository: RegistryRepository
    let image: Image
    let tag: String

    func push(_ relay: ProgressRelay) async throws {
        // Holds compressed layers that no record points to.
        let lease = store.pin()
        defer { withExtendedLifetime(lease) {} }
        let topFirst = Array(image.layers.reversed())
        for layer in topFirst { relay.say("Preparing", layer.diffID.short) }
        for layer in topFirst.dropFirst(Self.parallelUploads) { relay.say("Waiting", layer.diffID.short) }
        let sent = try await sendAll(topFirst, relay)
        let layers = try image.layers.map { layer -> Descriptor in
            guard let descriptor = sent[layer.diffID] else { throw GantryError.internal("layer `\(layer.diffID)` was not sent") }
            return descriptor
        }
        let manifest = ManifestText(image: image, layers: layers)
        if try await !repository.hasBlob(image.id) {
            let bytes = image.configBytes
            try await repository.uploadBlob(
                Descriptor(mediaType: MediaType.dockerConfig, digest: image.id, size: Int64(bytes.count)), bytes: bytes)
        }
        try await repository.putManifest(manifest.bytes, mediaType: manifest.mediaType, tag: tag)
        let digest = ConfigurationDigest.of(manifest.bytes)
        try store.setRepoDigest(repository.reference, manifestDigest: digest, image: image.id)
        relay.say("\(tag): digest: \(digest) size: \(manifest.bytes.count)")
        var last = ProgressMessage()
        last.pushed = (tag, digest, Int64(manifest.bytes.count))
        relay.say(last)
    }

    /// - Returns: what each layer, by its diff id, is called in the manifest.
    private func sendAll(_ layers: [Layer], _ relay: ProgressRelay) async throws -> [Digest: Descriptor] {
        try await withThrowingTaskGroup(of: (Digest, Descriptor).self) { group in
            var sent: [Digest: Descriptor] = [:]
            var begun: Set<Digest> = []
            for layer in layers where begun.insert(layer.diffID).inserted {
                if begun.count > Self.parallelUploads, let (diffID, descriptor) = try await group.next() {
                    sent[diffID] = descriptor
                }
                group.addTask { (layer.diffID, try await send(layer, relay)) }
            }
            for try await (diffID, descriptor) in group { sent[diffID] = descriptor }
            return sent
        }
    }

    private func send(_ layer: Layer, _ relay: ProgressRelay) async throws -> Descriptor {
        let id = layer.diffID.short
        if let known = try knownForm(of: layer), try await repository.hasBlob(known.digest) {
            relay.say("Layer already exists", id)
            return known
        }
        let form = try await compressedForm(of: layer)
        if try await repository.hasBlob(form.digest) {
            relay.say("Layer already exists", id)
            return form
        }
        let upload = BlobUpload(blob: form, id: id, repository: repository, store: store, relay: relay)
        if try await !upload.mount(layer) { try await upload.send() }
        return form
    }

    /// The compressed form that the layer came in, or that an earlier push made.
    private func knownForm(of layer: Layer) throws -> Descriptor? {
        if let blob = try store.layerBlob(for: layer), blob.mediaType.hasSuffix("gzip") || blob.mediaType.hasSuffix("zstd") {
            return blob
        }
        return forms[layer.diffID]
    }

    /// A blob in the store with the layer in a compressed form; made when there is none.
    private func compressedForm(of layer: Layer) async throws -> Descriptor {
        if let known = try knownForm(of: layer), store.hasBlob(known.digest) { return known }
        let store = store
        let form = try await BlockingWork.run {
            let ingest = try store.beginIngest()
            let compressor = try Compressor(.gzip) { try ingest.write($0) }
            try store.writeLayerTar(layer) { try compressor.write($0) }
            try compressor.finish()
            let size = ingest.written
            return Descriptor(mediaType: MediaType.dockerLayerGzip, digest: try ingest.commit(), size: size)
        }
        forms[layer.diffID] = form
        return form
    }
}

/// Compressed forms of layers made here, by diff id: compressing again gives the same bytes.
final class CompressedForms: Sendable {
    private let forms = Mutex<[Digest: Descriptor]>([:])

    subscript(diffID: Digest) -> Descriptor? {
        get { forms.withLock { $0[diffID] } }
        set { forms.withLock { $0[diffID] = newValue } }
    }
}

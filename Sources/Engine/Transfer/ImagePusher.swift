import Compression
import Essentials
import Images
import LinuxSystem
import Logging
import NIOCore
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
        for source in try MountCandidates.of(layer, repository, store)
        where try await repository.mountBlob(form.digest, from: source) {
            relay.say("Mounted from \(source)", id)
            return form
        }
        let store = store
        try await repository.uploadBlob(form) {
            let file = try store.openBlob(form.digest)
            let counter = ByteCounter()
            return AsyncThrowingStream {
                guard let chunk = try await BlobReading.chunk(of: file) else { return nil }
                relay.move("Pushing", id, current: counter.add(chunk.readableBytes), total: form.size)
                return chunk
            }
        }
        relay.say("Pushed", id)
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

enum MountCandidates {
    /// Other repositories of the same registry that may have the layer: those of images here that use it.
    static func of(_ layer: Layer, _ repository: RegistryRepository, _ store: ImageStore) throws -> [String] {
        let names = try store.list().filter { $0.layers.contains(layer) }.flatMap { $0.references + $0.repoDigests }
        let paths = Set(names.filter { $0.domain == repository.reference.domain && $0.path != repository.path }.map(\.path))
        return Array(paths.sorted().prefix(3))
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

enum BlobReading {
    /// The next bytes of a file, read on a thread that may block; nil at the end.
    static func chunk(of file: OwnedDescriptor) async throws -> ByteBuffer? {
        try await BlockingWork.run {
            var buffer = ByteBufferAllocator().buffer(capacity: 1 << 20)
            try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 1 << 20) { try file.read(into: $0) }
            return buffer.readableBytes > 0 ? buffer : nil
        }
    }
}

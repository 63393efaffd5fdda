import Essentials
import Images
import LinuxSystem
import Logging
import NIOCore
import OCI
import RegistryClient

/// Brings one image from a registry into the store.
struct ImagePuller: Sendable {
    /// What the registry has under a name, before anything is downloaded.
    struct Source: Sendable {
        var reference: Reference
        var repository: RegistryRepository
        /// Digest of what the name stands for: the index where there is one.
        var digest: Digest
        var manifest: Manifest
        var manifestBytes: [UInt8]
    }

    /// Downloads at once.
    private static let parallelDownloads = 3

    let store: ImageStore
    let client: RegistryClient
    let logger: Logger
    /// The tag stands for the image afterwards.
    var names = true
    /// Without a tag the image is known by its manifest's digest; false for one that belongs to a list.
    var notesDigest = true

    /// Asks the registry for the manifest, and for that of the platform where the name stands for several.
    func resolve(_ reference: Reference, platform: Platform?, credentials: RegistryCredentials) async throws -> Source {
        let (fetched, repository) = try await client.resolveManifest(reference, credentials: credentials)
        switch try ManifestDocument(fetched, of: reference) {
        case .image(let manifest):
            return Source(
                reference: reference, repository: repository, digest: fetched.digest, manifest: manifest,
                manifestBytes: fetched.bytes)
        case .index(let index):
            let chosen = try await repository.manifest(index.choose(platform ?? .host).digest)
            guard case .image(let manifest) = try ManifestDocument(chosen, of: reference) else {
                throw GantryError.unsupported("\(reference.familiar) is a list of lists of images")
            }
            return Source(
                reference: reference, repository: repository, digest: fetched.digest, manifest: manifest,
                manifestBytes: chosen.bytes)
        }
    }

    /// Downloads and unpacks what is missing, and names it. What a failed pull has brought is taken away again.
    func pull(_ source: Source, platform: Platform?, _ relay: ProgressRelay) async throws -> Image {
        do { return try await pinned(source, platform: platform, relay) } catch {
            do { try await BlockingWork.run { [store] in try store.collectGarbage() } } catch let leftover {
                logger.warning("what a failed pull has brought stays for now", metadata: ["error": "\(leftover)"])
            }
            throw error
        }
    }

    private func pinned(_ source: Source, platform: Platform?, _ relay: ProgressRelay) async throws -> Image {
        let reference = source.reference
        // Holds what is unpacked until the image points to it.
        let lease = store.pin()
        defer { withExtendedLifetime(lease) {} }
        relay.say("Pulling from \(reference.path)", reference.digest?.description ?? reference.tag ?? "latest")
        let known = try store.image(id: source.manifest.config.digest)
        let isNew = known.map { !isNamed($0, source) } ?? true
        let image = if let known { known } else { try await fetch(source, relay) }
        if names, reference.digest == nil { try store.tag(image.id, as: reference) }
        // Without the name the image is known by its own manifest; the digest of a list stands for the host's platform.
        let digest = names ? source.digest : ConfigurationDigest.of(source.manifestBytes)
        if names || notesDigest { try store.setRepoDigest(reference, manifestDigest: digest, image: image.id) }
        relay.say("Digest: \(source.digest)")
        relay.say("Status: \(isNew ? "Downloaded newer image" : "Image is up to date") for \(reference.familiar)")
        if let platform, !platform.runs(image.config.platform) {
            throw GantryError.notFound(
                "image with reference \(reference.familiar) was found but does not match the specified platform: wanted \(platform.text), actual: \(image.config.platform.text)"
            )
        }
        return image
    }

    /// Whether the image has already the names that this pull would give it.
    private func isNamed(_ image: Image, _ source: Source) -> Bool {
        let reference = source.reference
        return (reference.digest != nil || image.references.contains { $0.canonical == reference.canonical })
            && image.repoDigests.contains { $0.repository == reference.repository && $0.digest == source.digest }
    }

    private func fetch(_ source: Source, _ relay: ProgressRelay) async throws -> Image {
        let (config, bytes) = try await source.repository.configuration(source.manifest.config)
        let layers = source.manifest.layers
        guard config.rootfs.type == "layers", config.rootfs.diffIDs.count == layers.count else {
            throw GantryError.invalid(
                "mismatched image rootfs and manifest layers: \(config.rootfs.diffIDs.count) diff ids, \(layers.count) layers")
        }
        let chains = Layer.chainIDs(config.rootfs.diffIDs)
        var present = 0
        while present < chains.count, try store.layer(chainID: chains[present]) != nil { present += 1 }
        for (number, layer) in layers.enumerated() {
            relay.say(number < present ? "Already exists" : "Pulling fs layer", layer.digest.short)
        }
        var missing: [Descriptor] = []
        for layer in layers[present...] where !missing.contains(where: { $0.digest == layer.digest }) { missing.append(layer) }
        for layer in missing.dropFirst(Self.parallelDownloads) { relay.say("Waiting", layer.digest.short) }
        try await withThrowingTaskGroup(of: Void.self) { [missing, present] group in
            let (finished, continuation) = AsyncStream<Digest>.makeStream()
            group.addTask {
                defer { continuation.finish() }
                try await download(missing, from: source.repository, relay) { continuation.yield($0) }
            }
            group.addTask {
                try await unpack(
                    Array(layers[present...]), diffIDs: Array(config.rootfs.diffIDs[present...]),
                    on: present > 0 ? chains[present - 1] : nil, as: finished, relay)
            }
            try await group.waitForAll()
        }
        return try await BlockingWork.run { try store.createImage(configBytes: bytes, manifest: source.manifestBytes) }
    }

    /// A few at once, in order.
    private func download(
        _ layers: [Descriptor], from repository: RegistryRepository, _ relay: ProgressRelay,
        done: @escaping @Sendable (Digest) -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, layer) in layers.enumerated() {
                if number >= Self.parallelDownloads { try await group.next() }
                group.addTask {
                    try await download(layer, from: repository, relay)
                    done(layer.digest)
                }
            }
            try await group.waitForAll()
        }
    }

    private func download(_ layer: Descriptor, from repository: RegistryRepository, _ relay: ProgressRelay) async throws {
        let id = layer.digest.short
        if !store.hasBlob(layer.digest) {
            let counter = ByteCounter()
            let chunks = repository.blob(layer).map { chunk -> [UInt8] in
                relay.move("Downloading", id, current: counter.add(chunk.readableBytes), total: layer.size)
                return Array(chunk.readableBytesView)
            }
            try await BlockingWork.reading(chunks) { [store] read in
                let ingest = try store.beginIngest()
                while let chunk = try read() { try ingest.write(chunk) }
                relay.say("Verifying Checksum", id)
                try ingest.commit(expecting: layer.digest, size: layer.size)
            }
        }
        relay.say("Download complete", id)
    }

    /// Lowest first, each as soon as it and all below it are there.
    private func unpack(
        _ layers: [Descriptor], diffIDs: [Digest], on base: Digest?, as finished: AsyncStream<Digest>, _ relay: ProgressRelay
    ) async throws {
        var arrived: Set<Digest> = []
        var parent = base
        var next = 0
        for await digest in finished {
            arrived.insert(digest)
            while next < layers.count, arrived.contains(layers[next].digest) {
                let (layer, diffID, below) = (layers[next], diffIDs[next], parent)
                let id = layer.digest.short
                relay.move("Extracting", id, current: 0, total: layer.size)
                parent = try await BlockingWork.run { [store] in
                    try store.unpackLayer(blob: layer.digest, mediaType: layer.mediaType, diffID: diffID, parent: below) { read in
                        if read < layer.size { relay.move("Extracting", id, current: read, total: layer.size) }
                    }.chainID
                }
                relay.move("Extracting", id, current: layer.size, total: layer.size)
                relay.say("Pull complete", id)
                next += 1
            }
        }
    }
}

import Essentials
import FoundationEssentials
import Images
import OCI

/// The records of one source: which results it has, and where their layers are.
struct ImportedCache: Sendable {
    struct Layer: Sendable {
        var diffID: Digest
        /// Nil for a layer of the store's.
        var blob: Descriptor?
    }

    struct Result: Sendable {
        /// Lowest first, at least one.
        var layers: [Layer]
        var createdAt: Timestamp
        /// Keys of the source for this result.
        var keys: [String] = []
    }

    /// As people know it.
    let name: String
    /// Nil when all layers are here.
    let blobs: (any CacheBlobs)?
    /// Whether the history of an image counts, too.
    var isHistoryRead = false
    private(set) var results: [String: Result] = [:]
    /// The configuration of a source that is an image, and the layers that go with it.
    private(set) var image: (config: ImageConfig, layers: [Layer])?

    /// An image of the store's.
    init(_ image: Image, name: String) throws {
        self.name = name
        blobs = nil
        try take(image.config, layers: image.config.rootfs.diffIDs.map { Layer(diffID: $0) })
    }

    /// Bytes of a cache's or an image's configuration, at most.
    private static let configurationLimit: Int64 = 16 << 20

    /// Reads a cache, or the image that the source is.
    /// - Throws: `invalid` and `unsupported` for what is neither.
    init(_ blobs: any CacheBlobs, platform: Platform) async throws {
        name = blobs.name
        self.blobs = blobs
        var document = try await blobs.manifest(nil)
        if MediaType.indexes.contains(document.mediaType) {
            let index = try Self.decode(Index.self, document.bytes, "index")
            if let config = index.manifests.first(where: { $0.mediaType == BuildCacheConfig.mediaType }) {
                let layers = index.manifests.filter { $0.mediaType != BuildCacheConfig.mediaType }
                try await takeCache(config, layers, blobs)
                return
            }
            document = try await blobs.manifest(index.choose(platform).digest)
        }
        guard MediaType.manifests.contains(document.mediaType) else {
            throw GantryError.unsupported("`\(document.mediaType.prefix(100))` is no manifest of a cache or an image")
        }
        let manifest = try Self.decode(Manifest.self, document.bytes, "manifest")
        if manifest.config.mediaType == BuildCacheConfig.mediaType {
            try await takeCache(manifest.config, manifest.layers, blobs)
            return
        }
        let bytes = try await blobs.bytes(manifest.config, limit: Self.configurationLimit)
        let config = try Self.decode(ImageConfig.self, bytes, "image configuration")
        guard config.rootfs.diffIDs.count == manifest.layers.count else {
            throw GantryError.invalid(
                "the image has \(manifest.layers.count) layers, its configuration names \(config.rootfs.diffIDs.count)")
        }
        try take(config, layers: zip(config.rootfs.diffIDs, manifest.layers).map { Layer(diffID: $0, blob: $1) })
    }

    private mutating func takeCache(_ config: Descriptor, _ layers: [Descriptor], _ blobs: any CacheBlobs) async throws {
        let bytes = try await blobs.bytes(config, limit: Self.configurationLimit)
        let cache = try Self.decode(BuildCacheConfig.self, bytes, "cache configuration")
        let byDigest = Dictionary(layers.map { ($0.digest, $0) }, uniquingKeysWith: { first, _ in first })
        let known = cache.layers.map { layer -> Layer? in
            guard let blob = byDigest[layer.blob], let text = blob.annotations?[BuildCacheConfig.diffIDAnnotation],
                let diffID = try? Digest(text)
            else { return nil }
            return Layer(diffID: diffID, blob: blob)
        }
        try take(cache, known)
    }

    private mutating func take(_ config: ImageConfig, layers: [Layer]) throws {
        image = (config, layers)
        guard let text = config.buildCache else { return }
        guard let bytes = Data(base64Encoded: text) else { throw GantryError.invalid("the image's cache records are not base64") }
        var cache = BuildCacheConfig()
        cache.records = try Self.decode([BuildCacheConfig.Record].self, Array(bytes), "cache records of the image")
        cache.layers = layers.enumerated().map { BuildCacheConfig.Layer(blob: $1.blob?.digest ?? $1.diffID, parent: $0 - 1) }
        try take(cache, layers)
    }

    /// - Parameter layers: in the cache's order; nil for those that cannot be used.
    private mutating func take(_ cache: BuildCacheConfig, _ layers: [Layer?]) throws {
        var keys: [[Int]: [String]] = [:]
        for record in cache.records {
            guard let result = try cache.result(of: record) else { continue }
            let chain = result.layers.compactMap { layers[$0] }
            guard chain.count == result.layers.count, (1...ImageStore.maximumLayers).contains(chain.count),
                chain.allSatisfy({ $0.blob.map(Self.isUsable) ?? true }), record.digest.hasPrefix("sha256:")
            else { continue }
            let time = result.createdAt.flatMap { Timestamp(rfc3339: $0) } ?? Timestamp(seconds: 0)
            let key = String(record.digest.dropFirst(7))
            keys[result.layers, default: []].append(key)
            results[key] = Result(layers: chain, createdAt: time)
        }
        for keys in keys.values where keys.count > 1 { for key in keys { results[key]?.keys = keys } }
    }

    private static func isUsable(_ blob: Descriptor) -> Bool {
        MediaType.layers.contains(blob.mediaType) && blob.size >= 0 && blob.digest.algorithm == "sha256"
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8], _ what: String) throws -> Value {
        do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch {
            throw GantryError.invalid("cannot read the \(what)", cause: error)
        }
    }

    /// The layer that comes next in the image's history, when what is there so far is how the image began and `line` is how it goes
    /// on. Times are not compared: they say nothing of a layer. Source: moby/moby, image cache of the classic builder.
    func next(after config: ImageConfig, line: String) -> Result? {
        guard let image, let theirs = image.config.history else { return nil }
        let ours = config.history ?? []
        guard ours.count < theirs.count,
            zip(ours, theirs).allSatisfy({ $0.createdBy == $1.createdBy && $0.hasLayer == $1.hasLayer }),
            theirs[ours.count].createdBy == line, theirs[ours.count].hasLayer
        else { return nil }
        let diffIDs = config.rootfs.diffIDs
        guard diffIDs.count < image.layers.count, zip(diffIDs, image.layers).allSatisfy({ $0 == $1.diffID }) else { return nil }
        let layers = Array(image.layers[...diffIDs.count])
        guard layers.allSatisfy({ $0.blob.map(Self.isUsable) ?? true }) else { return nil }
        let time = theirs[ours.count].created.flatMap { Timestamp(rfc3339: $0) } ?? Timestamp(seconds: 0)
        return Result(layers: layers, createdAt: time)
    }
}

extension ImageConfig.History {
    fileprivate var hasLayer: Bool { emptyLayer != true }
}

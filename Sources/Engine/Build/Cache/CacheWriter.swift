import Builder
import Crypto
import Essentials
import FoundationEssentials
import Images
import LinuxSystem
import OCI

/// Writes results of steps as a build cache in BuildKit's form. Source: moby/buildkit, cache/remotecache/export.go.
struct CacheWriter: Sendable {
    /// A layer with what is below it: of the store, or of another cache.
    private struct Part: Sendable {
        var chainID: OCI.Digest
        var parent: OCI.Digest?
        var diffID: OCI.Digest
        var layer: Layer?
        var blob: Descriptor?
    }

    /// Layers sent at once.
    private static let parallelUploads = 4

    let caches: BuildCaches
    let target: CacheTarget
    let place: any CachePlace

    private var store: ImageStore { caches.context.imageStore }

    func write(_ steps: [ExportedStep]) async throws {
        // What is told of layers must be had: those of an image that was not pulled yet are pulled now.
        for step in steps { try await caches.bringBase(of: step.chainID) }
        var parts: [Part] = []
        var places: [OCI.Digest: Int] = [:]
        for step in steps {
            for part in try chain(step.chainID) where places[part.chainID] == nil {
                places[part.chainID] = parts.count
                parts.append(part)
            }
        }
        guard !parts.isEmpty else {
            return try await caches.work("skipping cache export for empty result") { _ in }
        }
        let blobs = try await send(parts)
        var config = BuildCacheConfig()
        config.layers = zip(parts, blobs).map { part, blob in
            BuildCacheConfig.Layer(blob: blob.digest, parent: part.parent.flatMap { places[$0] } ?? -1)
        }
        config.records = CacheRecords.make(steps) { step in
            places[step.chainID].map { .layers(.init(layer: $0, createdAt: step.createdAt.rfc3339)) }
        }
        try await finish(config, blobs, times(steps))
    }

    /// When the steps' own layers were made, by diff id.
    private func times(_ steps: [ExportedStep]) -> [String: String] {
        Dictionary(steps.map { ($0.diffID.description, $0.createdAt.rfc3339) }, uniquingKeysWith: { first, _ in first })
    }

    /// A chain of layers, lowest first.
    private func chain(_ chainID: OCI.Digest) throws -> [Part] {
        var result: [Part] = []
        var next: OCI.Digest? = chainID
        while let chain = next {
            if let layer = try store.layer(chainID: chain) {
                result.append(Part(chainID: chain, parent: layer.parent, diffID: layer.diffID, layer: layer))
            } else if let absent = caches.absentBlob(chain) {
                var blob = absent.blob
                blob.annotations = [BuildCacheConfig.diffIDAnnotation: absent.diffID.description]
                result.append(Part(chainID: chain, parent: absent.parent, diffID: absent.diffID, blob: blob))
            } else {
                throw GantryError.internal("the layer `\(chain)` is gone")
            }
            next = result.last?.parent
        }
        return result.reversed()
    }

    /// - Returns: what each part is called in the manifest.
    private func send(_ parts: [Part]) async throws -> [Descriptor] {
        // Equal layers on different ones have one blob.
        var first: [OCI.Digest: Part] = [:]
        for part in parts where first[part.diffID] == nil || part.layer != nil { first[part.diffID] = part }
        let sent = try await withThrowingTaskGroup(of: (OCI.Digest, Descriptor).self) { group in
            var sent: [OCI.Digest: Descriptor] = [:]
            for (number, part) in first.values.enumerated() {
                if number >= Self.parallelUploads, let (diffID, blob) = try await group.next() { sent[diffID] = blob }
                group.addTask { (part.diffID, try await send(part)) }
            }
            for try await (diffID, blob) in group { sent[diffID] = blob }
            return sent
        }
        return try parts.map { part in
            guard let blob = sent[part.diffID] else { throw GantryError.internal("layer `\(part.diffID)` was not sent") }
            return blob
        }
    }

    private func send(_ part: Part) async throws -> Descriptor {
        if let blob = part.blob, !target.forcesCompression || LayerForm.compression(of: blob) == target.compression {
            if try await place.has(blob) { return blob }
            if let source = caches.origin(of: part.chainID), try await place.take(blob, from: source) { return blob }
            try await caches.bring(part.chainID)
            if !store.hasBlob(blob.digest) { return try await send(form(of: part)) }
            try await place.put(blob)
            return blob
        }
        try await caches.bring(part.chainID)
        return try await send(form(of: part))
    }

    private func send(_ form: LayerForm) async throws -> Descriptor {
        // What was compressed here before need not be again to know that it is there.
        if let known = form.known, try await place.has(known) { return known }
        let blob = try await BlockingWork.run { try form.make() }
        if try await !place.has(blob) { try await place.put(blob) }
        return blob
    }

    private func form(of part: Part) throws -> LayerForm {
        guard let layer = try part.layer ?? store.layer(chainID: part.chainID) else {
            throw GantryError.internal("the layer `\(part.chainID)` is gone")
        }
        return LayerForm(layer: layer, store: store, forms: caches.transfer.forms, target: target)
    }

    private func finish(_ config: BuildCacheConfig, _ blobs: [Descriptor], _ times: [String: String]) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let configBytes = Array(try encoder.encode(config))
        let configBlob = Self.descriptor(BuildCacheConfig.mediaType, configBytes)
        try await place.put(configBlob, bytes: configBytes)
        var listed: Set<OCI.Digest> = []
        let layers = blobs.filter { listed.insert($0.digest).inserted }.map { blob in
            var blob = blob
            blob.mediaType = LayerForm.mediaType(blob.mediaType, oci: target.hasOCITypes)
            let diffID = blob.annotations?[BuildCacheConfig.diffIDAnnotation]
            if let time = diffID.flatMap({ times[$0] }) { blob.annotations?[BuildCacheConfig.createdAnnotation] = time }
            return blob
        }
        let bytes: [UInt8]
        let type: String
        if target.isImageManifest {
            type = MediaType.manifest
            bytes = Array(try encoder.encode(Manifest(mediaType: type, config: configBlob, layers: layers)))
        } else {
            type = target.hasOCITypes ? MediaType.index : MediaType.dockerManifestList
            bytes = Array(try encoder.encode(Index(mediaType: type, manifests: layers + [configBlob])))
        }
        try await place.finish(Self.descriptor(type, bytes), bytes: bytes)
    }

    private static func descriptor(_ type: String, _ bytes: [UInt8]) -> Descriptor {
        Descriptor(mediaType: type, digest: OCI.Digest(sha256: SHA256.hash(data: bytes)), size: Int64(bytes.count))
    }
}

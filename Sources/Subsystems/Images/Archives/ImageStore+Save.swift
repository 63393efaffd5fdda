internal import Archive
internal import Essentials
package import OCI

internal import struct Crypto.SHA256

extension ImageStore {
    /// Writes images as a docker-archive that is an OCI layout too, layers uncompressed. A name without a tag means all tags of
    /// that repository; an id saves the image without a name; the name of a list saves all its images.
    /// - Parameter platforms: only the images for these; all when empty.
    /// - Throws: `notFound` before anything is written.
    package func save(
        _ names: [String], platforms: [Platform] = [], to sink: @escaping (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let lease = pin()
        defer { withExtendedLifetime(lease) {} }
        let selected = try select(names).flatMap { try members(of: $0.0, $0.1, platforms) }
        var blobs: [String: SavedBlob] = [:]
        var documents = SavedDocuments()
        func add(_ image: Image) throws -> (manifest: Descriptor, layers: [Descriptor]) {
            let config = Descriptor(mediaType: MediaType.config, digest: image.id, size: Int64(image.configBytes.count))
            blobs[image.id.hex] = .bytes(image.configBytes, image.createdAt)
            let layers = image.layers.map { Descriptor(mediaType: MediaType.layer, digest: $0.diffID, size: $0.tarSize) }
            for layer in image.layers { blobs[layer.diffID.hex] = .layer(layer) }
            let manifest = try ImageJSON.encode(Manifest(mediaType: MediaType.manifest, config: config, layers: layers))
            let digest = Digest(sha256: SHA256.hash(data: manifest))
            blobs[digest.hex] = .bytes(manifest, nil)
            return (Descriptor(mediaType: MediaType.manifest, digest: digest, size: Int64(manifest.count)), layers)
        }
        for item in selected {
            let (manifest, layers) = try add(item.image)
            guard !item.others.isEmpty else {
                documents.add(item.image, item.tags, manifest, layers)
                continue
            }
            let listed = try ([item.image] + item.others).map { image in
                var manifest = try add(image).manifest
                manifest.platform = image.config.platform
                return manifest
            }
            let index = try ImageJSON.encode(Index(manifests: listed))
            let digest = Digest(sha256: SHA256.hash(data: index))
            blobs[digest.hex] = .bytes(index, nil)
            let root = Descriptor(mediaType: MediaType.index, digest: digest, size: Int64(index.count))
            documents.add(item.image, item.tags, root, layers)
        }
        let writer = TarWriter(sink)
        try writer.add(TarEntry("blobs/"))
        try writer.add(TarEntry("blobs/sha256/"))
        for (hex, blob) in blobs.sorted(by: { $0.key < $1.key }) { try write(blob, "blobs/sha256/\(hex)", writer) }
        for (name, bytes) in try documents.files() { try writer.add(TarEntry(name), content: bytes) }
        try writer.finish()
    }

    /// An image with names, and the others that the names stand for as well.
    private struct SavedItem {
        var image: Image
        var tags: [Reference]
        var others: [Image] = []
    }

    /// What is saved of an image and its names: names of lists bring the list's other images.
    private func members(of image: Image, _ tags: [Reference], _ platforms: [Platform]) throws -> [SavedItem] {
        var plain = SavedItem(image: image, tags: [])
        var result: [SavedItem] = []
        func isWanted(_ platform: Platform) -> Bool { platforms.isEmpty || platforms.contains { $0.runs(platform) } }
        for tag in tags {
            let list = try self.list(named: tag)?.members.filter { isWanted($0.platform) } ?? []
            let images = try list.compactMap { try self.image(id: $0.image) }
            if list.isEmpty || images == [image] {
                plain.tags.append(tag)
            } else {
                let main = images.contains(image) ? image : images[0]
                result.append(SavedItem(image: main, tags: [tag], others: images.filter { $0 != main }))
            }
        }
        if !plain.tags.isEmpty || tags.isEmpty {
            guard isWanted(image.config.platform) else {
                let name = plain.tags.first?.familiar ?? image.id.short
                throw GantryError.notFound(
                    "image with reference \(name) was found but does not provide the specified platform (\(platforms.map(\.text).joined(separator: ", ")))"
                )
            }
            result.insert(plain, at: 0)
        }
        return result
    }

    private enum SavedBlob {
        case bytes([UInt8], Timestamp?)
        case layer(Layer)
    }

    private func write(_ blob: SavedBlob, _ name: String, _ writer: TarWriter) throws {
        switch blob {
        case .bytes(let bytes, let time): try writer.add(TarEntry(name, modifiedAt: time?.nanoseconds ?? 0), content: bytes)
        case .layer(let layer):
            try writer.begin(TarEntry(name, size: layer.tarSize))
            try writeLayerTar(layer) { try writer.write($0) }
        }
    }

    /// Images in the order they were asked for, each once, with the tags asked for.
    private func select(_ names: [String]) throws -> [(Image, [Reference])] {
        guard !names.isEmpty else { throw GantryError.invalid("no image names given") }
        var order: [Digest] = []
        var found: [Digest: (image: Image, tags: [Reference])] = [:]
        func add(_ image: Image, _ tags: [Reference]) {
            if found[image.id] == nil {
                order.append(image.id)
                found[image.id] = (image, [])
            }
            for tag in tags where found[image.id]?.tags.contains(tag) == false { found[image.id]?.tags.append(tag) }
        }
        for name in names {
            let reference = try? Reference(name)
            if let reference, reference.tag == nil, reference.digest == nil {
                let tagged = try list().filter { $0.references.contains { $0.repository == reference.repository } }
                for image in tagged { add(image, image.references.filter { $0.repository == reference.repository }) }
                if !tagged.isEmpty { continue }
            }
            let image: Image
            do { image = try self.image(name) } catch let error as GantryError where error.kind == .notFound {
                throw GantryError.notFound("No such image: \(name)")
            }
            add(image, reference.map { image.references.contains($0) ? [$0] : [] } ?? [])
        }
        return order.compactMap { found[$0].map { ($0.image, $0.tags) } }
    }
}

/// The files that list what is in an archive.
private struct SavedDocuments {
    private var entries: [ImageArchive.Entry] = []
    private var manifests: [Descriptor] = []
    private var repositories: [String: [String: String]] = [:]

    mutating func add(_ image: Image, _ tags: [Reference], _ manifest: Descriptor, _ layers: [Descriptor]) {
        entries.append(
            ImageArchive.Entry(
                config: ImageArchive.blobName(image.id), repoTags: tags.isEmpty ? nil : tags.map(\.familiar),
                layers: layers.map { ImageArchive.blobName($0.digest) },
                layerSources: Dictionary(layers.map { ($0.digest.description, $0) }, uniquingKeysWith: { first, _ in first })))
        if tags.isEmpty { manifests.append(manifest) }
        for tag in tags {
            var named = manifest
            named.annotations = [ImageArchive.nameAnnotation: tag.canonical, ImageArchive.tagAnnotation: tag.tag ?? ""]
            manifests.append(named)
            if let top = layers.last { repositories[tag.familiarRepository, default: [:]][tag.tag ?? ""] = top.digest.hex }
        }
    }

    /// In the order of their names.
    func files() throws -> [(String, [UInt8])] {
        var files: [(String, [UInt8])] = [
            (ImageArchive.indexName, try ImageJSON.encode(Index(manifests: manifests))),
            (ImageArchive.manifestName, try ImageJSON.encode(entries)),
            (ImageArchive.layoutName, ImageArchive.layout),
        ]
        if !repositories.isEmpty { files.append((ImageArchive.repositoriesName, try ImageJSON.encode(repositories))) }
        return files
    }
}

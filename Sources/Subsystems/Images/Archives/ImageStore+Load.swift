internal import Archive
internal import Compression
internal import Essentials
internal import Glibc
internal import LinuxSystem
package import OCI

internal import struct Crypto.SHA256

extension ImageStore {
    /// Takes images from a docker-archive or an OCI layout, plain or compressed.
    /// - Parameter progress: for each layer that is new its diff id, bytes unpacked so far and in all.
    /// - Throws: `invalid` for what is no such archive; images complete before the failure stay.
    package func load(
        from read: @escaping () throws -> [UInt8]?, platform: Platform = .host,
        progress: (@Sendable (Digest, Int64, Int64) -> Void)? = nil
    ) throws -> [LoadedImage] {
        let lease = pin()
        defer { withExtendedLifetime(lease) {} }
        let unpacked = try UnpackedArchive(self, read)
        defer { unpacked.remove() }
        if let manifest = try unpacked.document(ImageArchive.manifestName) {
            return try loadDocker(manifest, unpacked, progress)
        }
        if let index = try unpacked.document(ImageArchive.indexName) { return try loadLayout(index, unpacked, platform, progress) }
        throw GantryError.invalid("invalid archive: neither `\(ImageArchive.manifestName)` nor `\(ImageArchive.indexName)` found")
    }

    private typealias Progress = @Sendable (Digest, Int64, Int64) -> Void

    private func loadDocker(_ manifest: [UInt8], _ archive: UnpackedArchive, _ progress: Progress?) throws -> [LoadedImage] {
        var result: [LoadedImage] = []
        for entry in try ImageJSON.decode([ImageArchive.Entry].self, manifest, ImageArchive.manifestName) {
            let config = try archive.require(entry.config, as: "image configuration")
            let tags = try (entry.repoTags ?? []).map { try Reference($0).withDefaultTag }
            let image = try addImage(config, layers: entry.layers, archive, progress)
            result.append(try name(image, tags))
        }
        return result
    }

    private func loadLayout(
        _ bytes: [UInt8], _ archive: UnpackedArchive, _ platform: Platform, _ progress: Progress?
    ) throws -> [LoadedImage] {
        let index = try ImageJSON.decode(Index.self, bytes, ImageArchive.indexName)
        // The same image stands once for each of its names.
        var order: [Digest] = []
        var named: [Digest: (descriptor: Descriptor, tags: [Reference])] = [:]
        for descriptor in index.manifests {
            if named[descriptor.digest] == nil { order.append(descriptor.digest) }
            named[descriptor.digest, default: (descriptor, [])].tags += Self.references(descriptor.annotations)
        }
        var result: [LoadedImage] = []
        for digest in order {
            guard let (descriptor, tags) = named[digest] else { continue }
            let manifestBytes = try manifest(of: descriptor, archive, platform, depth: 0)
            let manifest = try ImageJSON.decode(Manifest.self, manifestBytes, "manifest")
            let config = try archive.require(ImageArchive.blobName(manifest.config.digest), as: "image configuration")
            let image = try addImage(
                config, layers: manifest.layers.map { ImageArchive.blobName($0.digest) }, archive, progress, manifest: manifestBytes
            )
            result.append(try name(image, tags))
        }
        return result
    }

    private static func references(_ annotations: [String: String]?) -> [Reference] {
        if let full = annotations?[ImageArchive.nameAnnotation], let name = try? Reference(full) { return [name.withDefaultTag] }
        // A bare tag names nothing; tools that write full names put them here.
        if let name = annotations?[ImageArchive.tagAnnotation], name.contains(":") || name.contains("/"),
            let name = try? Reference(name)
        {
            return [name.withDefaultTag]
        }
        return []
    }

    /// The manifest that a descriptor leads to, through indexes for several platforms.
    private func manifest(of descriptor: Descriptor, _ archive: UnpackedArchive, _ platform: Platform, depth: Int) throws -> [UInt8]
    {
        guard depth < 4 else { throw GantryError.invalid("indexes within indexes in image archive") }
        let bytes = try archive.require(ImageArchive.blobName(descriptor.digest), as: "manifest")
        guard Digest(sha256: SHA256.hash(data: bytes)) == descriptor.digest else {
            throw GantryError.invalid("manifest in archive is not `\(descriptor.digest)`")
        }
        let shape = try ImageJSON.decode(DocumentShape.self, bytes, "manifest")
        // One document that is both would be checked as the one and used as the other (CVE-2021-41190).
        guard (shape.manifests == nil) != (shape.config == nil && shape.layers == nil) else {
            throw GantryError.invalid("`\(descriptor.digest)` is neither a manifest nor an index, or both")
        }
        guard shape.manifests != nil else { return bytes }
        let index = try ImageJSON.decode(Index.self, bytes, "index")
        let fits = index.manifests.filter {
            $0.platform.map { $0.os == platform.os && $0.architecture == platform.architecture } ?? true
        }
        let here = fits.filter { archive.contains(ImageArchive.blobName($0.digest)) }
        guard let chosen = here.first(where: { $0.platform?.variant == platform.variant }) ?? here.first else {
            throw GantryError.notFound("no image for \(platform.os)/\(platform.architecture) in archive")
        }
        return try manifest(of: chosen, archive, platform, depth: depth + 1)
    }

    private func addImage(
        _ config: [UInt8], layers names: [String], _ archive: UnpackedArchive, _ progress: Progress?, manifest: [UInt8]? = nil
    ) throws -> Image {
        let diffIDs = try ImageJSON.decode(ImageConfig.self, config, "image configuration").rootfs.diffIDs
        guard diffIDs.count == names.count else {
            throw GantryError.invalid("invalid image: \(names.count) layers, but \(diffIDs.count) diff ids in its configuration")
        }
        guard diffIDs.count <= Self.maximumLayers else {
            throw GantryError.invalid("max depth exceeded: image has \(diffIDs.count) layers")
        }
        var parent: Digest?
        for (diffID, name) in zip(diffIDs, names) {
            let chainID = Layer.chainID(diffID, on: parent)
            if try layer(chainID: chainID) == nil {
                let (digest, size) = try archive.blob(name)
                let report: @Sendable (Int64) -> Void = { progress?(diffID, $0, size) }
                _ = try unpackLayer(blob: digest, diffID: diffID, parent: parent, progress: report)
            }
            parent = chainID
        }
        return try createImage(configBytes: config, manifest: manifest)
    }

    private func name(_ image: Image, _ tags: [Reference]) throws -> LoadedImage {
        for tag in tags { try self.tag(image.id, as: tag) }
        return LoadedImage(id: image.id, references: tags)
    }

    private struct DocumentShape: Decodable {
        struct Anything: Decodable {
            init(from decoder: any Decoder) throws {}
        }
        let manifests: [Anything]?
        let layers: [Anything]?
        let config: Anything?
    }
}

internal import Archive
internal import Compression
internal import Essentials
internal import Glibc
internal import LinuxSystem
package import OCI

internal import struct Crypto.SHA256

extension ImageStore {
    /// Takes images from a docker-archive or an OCI layout, plain or compressed.
    /// - Parameter platforms: only the images for these; all when empty.
    /// - Parameter progress: for each layer that is new its diff id, bytes unpacked so far and in all.
    /// - Throws: `invalid` for what is no such archive; images complete before the failure stay.
    package func load(
        from read: @escaping () throws -> [UInt8]?, platforms: [Platform] = [],
        progress: (@Sendable (Digest, Int64, Int64) -> Void)? = nil
    ) throws -> [LoadedImage] {
        let lease = pin()
        defer { withExtendedLifetime(lease) {} }
        let unpacked = try UnpackedArchive(self, read)
        defer { unpacked.remove() }
        let index = try unpacked.document(ImageArchive.indexName).map {
            try ImageJSON.decode(Index.self, $0, ImageArchive.indexName)
        }
        // The docker-archive knows one platform for each name.
        if let index, index.manifests.contains(where: \.isIndex) { return try loadLayout(index, unpacked, platforms, progress) }
        if let manifest = try unpacked.document(ImageArchive.manifestName) {
            return try loadDocker(manifest, unpacked, platforms, progress)
        }
        if let index { return try loadLayout(index, unpacked, platforms, progress) }
        throw GantryError.invalid("invalid archive: neither `\(ImageArchive.manifestName)` nor `\(ImageArchive.indexName)` found")
    }

    private typealias Progress = @Sendable (Digest, Int64, Int64) -> Void

    private func loadDocker(
        _ manifest: [UInt8], _ archive: UnpackedArchive, _ platforms: [Platform], _ progress: Progress?
    ) throws -> [LoadedImage] {
        var result: [LoadedImage] = []
        for entry in try ImageJSON.decode([ImageArchive.Entry].self, manifest, ImageArchive.manifestName) {
            let config = try archive.require(entry.config, as: "image configuration")
            let tags = try (entry.repoTags ?? []).map { try Reference($0).withDefaultTag }
            let platform = try ImageJSON.decode(ImageConfig.self, config, "image configuration").platform
            guard Self.isWanted(platform, platforms) else { throw Self.missing(platforms) }
            let image = try addImage(config, layers: entry.layers, archive, progress)
            result.append(try name(image, tags))
        }
        return result
    }

    private func loadLayout(
        _ index: Index, _ archive: UnpackedArchive, _ platforms: [Platform], _ progress: Progress?
    ) throws -> [LoadedImage] {
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
            var members: [ImageList.Member] = []
            for manifestBytes in try manifests(of: descriptor, archive, depth: 0) {
                let manifest = try ImageJSON.decode(Manifest.self, manifestBytes, "manifest")
                let config = try archive.require(ImageArchive.blobName(manifest.config.digest), as: "image configuration")
                let platform = try ImageJSON.decode(ImageConfig.self, config, "image configuration").platform
                guard Self.isWanted(platform, platforms) else { continue }
                let layers = manifest.layers.map { ImageArchive.blobName($0.digest) }
                let image = try addImage(config, layers: layers, archive, progress, manifest: manifestBytes)
                members.append(ImageList.Member(platform: platform, image: image.id))
            }
            guard let main = members.first(where: { Self.isWanted($0.platform, [.host]) }) ?? members.first else {
                throw Self.missing(platforms)
            }
            for tag in tags { try self.tag(main.image, as: tag) }
            result.append(LoadedImage(id: main.image, references: tags, members: members.count > 1 ? members : []))
        }
        return result
    }

    private static func isWanted(_ platform: Platform, _ wanted: [Platform]) -> Bool {
        wanted.isEmpty || wanted.contains { $0.runs(platform) }
    }

    private static func missing(_ platforms: [Platform]) -> GantryError {
        let names = platforms.map(\.text)
        return .notFound("no image \(names.isEmpty ? "" : "for \(names.joined(separator: ", ")) ")in archive")
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

    /// The manifests that a descriptor leads to, through indexes, as far as they are in the archive. What is said of images, such
    /// as where they come from, is left out.
    private func manifests(of descriptor: Descriptor, _ archive: UnpackedArchive, depth: Int) throws -> [[UInt8]] {
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
        guard shape.manifests != nil else { return [bytes] }
        let images = try ImageJSON.decode(Index.self, bytes, "index").manifests.filter {
            $0.platform?.os != "unknown" && archive.contains(ImageArchive.blobName($0.digest))
        }
        return try images.flatMap { try manifests(of: $0, archive, depth: depth + 1) }
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

extension Descriptor {
    /// By its media type.
    fileprivate var isIndex: Bool { MediaType.indexes.contains(mediaType) }
}

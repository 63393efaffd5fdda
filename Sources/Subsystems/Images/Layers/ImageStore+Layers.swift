internal import Archive
package import Compression
internal import Essentials
internal import GRDB
internal import Glibc
package import LinuxSystem
package import OCI

extension ImageStore {
    /// Bytes that a compressed layer or archive may expand to: a bomb stops before the disk is full, for the disk is not only
    /// ours. Nine tenths of what is free, and never more than a tebibyte.
    func expansionLimit() throws -> Int64 {
        var status = statvfs()
        try check("statvfs", paths.layers) { statvfs(paths.layers, &status) }
        let (free, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? 1 << 40 : Int64(min(free / 10 * 9, 1 << 40))
    }

    /// Decompresses what is going to be stored, as far as there is room for it.
    package func decompressor(_ source: @escaping () throws -> [UInt8]?) throws -> Decompressor {
        let limit = try expansionLimit()
        let excess = GantryError.unavailable(
            "no space left on device: the content expands to more than \(ByteSize.decimal(limit)), nine tenths of what is free",
            hint: "free space with `gantry system prune`, or move the data root to a larger disk")
        return try Decompressor(limit: limit, excess: excess, source)
    }

    /// Overlayfs' own limit is 500, Docker's this.
    package static var maximumLayers: Int { 125 }

    package func layer(chainID: Digest) throws -> Layer? { try database.read { try Layer.fetch($0, chainID: chainID) } }

    /// The layers of a chain, topmost first.
    package func layers(of chainID: Digest?) throws -> [Layer] { try database.read { try Layer.fetchChain($0, top: chainID) } }

    /// Names of the lower directories relative to ``layersDirectory``, topmost first.
    package func lowerNames(of chainID: Digest?) throws -> [String] {
        try database.read { try Layer.fetchNumbers($0, top: chainID) }.map { "\($0)/diff" }
    }

    /// The compressed form that a pulled or loaded layer came in.
    package func layerBlob(for layer: Layer) throws -> Descriptor? { layer.blob.flatMap { hasBlob($0.digest) ? $0 : nil } }

    /// Unpacks a blob on top of `parent`. Asked twice at once it is done once.
    /// - Parameter progress: bytes of the blob read so far.
    /// - Throws: `invalid` when the content is not what `diffID` says; nothing half-made stays.
    package func unpackLayer(
        blob: Digest, mediaType: String = MediaType.layerGzip, diffID: Digest, parent: Digest?,
        progress: (@Sendable (Int64) -> Void)? = nil
    ) throws -> Layer {
        let chainID = Layer.chainID(diffID, on: parent)
        return try layerLock.withLock(chainID.description) {
            if let existing = try layer(chainID: chainID) { return existing }
            let file = try openBlob(blob)
            let size = try file.status().size
            let staging = try StagedLayer(self, parent: parent)
            let plain = try decompressor(source(file, read: progress))
            let (digest, tarSize, content) = try staging.extract { try plain.next() }
            guard digest == diffID else {
                throw GantryError.invalid("layer `\(blob)` has diff id `\(digest)`, expected `\(diffID)`")
            }
            let type = Self.mediaType(mediaType, plain.format)
            return try staging.adopt(
                diffID: diffID, size: content, tarSize: tarSize, blob: Descriptor(mediaType: type, digest: blob, size: size))
        }
    }

    /// What the content is, whatever the manifest calls it.
    private static func mediaType(_ announced: String, _ format: CompressionFormat) -> String {
        switch format {
        case .none: MediaType.layer
        case .gzip: announced.contains("gzip") ? announced : MediaType.layerGzip
        case .zstd: announced.contains("zstd") ? announced : MediaType.layerZstd
        case .bzip2, .xz: announced
        }
    }

    /// Makes a layer of what overlayfs left in an upper directory. The directory is ours afterwards: it becomes the layer, or is
    /// removed when there is an equal one.
    package func commitLayer(from upper: String, parent: Digest?) throws -> Layer {
        let root = try OwnedDescriptor.open(upper, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        let counter = TarDigest()
        try counter.digest(root, known: checkpoints)
        let diffID = counter.finish()
        let chainID = Layer.chainID(diffID, on: parent)
        return try layerLock.withLock(chainID.description) {
            if let existing = try layer(chainID: chainID) {
                removeDirectory(upper)
                return existing
            }
            let staging = try StagedLayer(self, parent: parent, adopting: upper)
            let layer = try staging.adopt(diffID: diffID, size: counter.contentBytes, tarSize: counter.tarBytes, blob: nil)
            checkpoints.keep(counter.checkpoints)
            return layer
        }
    }

    /// Unpacks an uncompressed tar as a layer that is not kept as a blob: what is saved or pushed later is
    /// the tar of the directory, whose digest becomes the diff id.
    package func importLayer(from source: @escaping () throws -> [UInt8]?, parent: Digest?) throws -> Layer {
        let staging = try StagedLayer(self, parent: parent)
        _ = try staging.extract(source)
        return try commitLayer(from: staging.release(), parent: parent)
    }

    /// The directory of one layer by itself; nil when there is none.
    package func openLayer(chainID: Digest) throws -> OwnedDescriptor? {
        guard let layer = try layer(chainID: chainID) else { return nil }
        return try OwnedDescriptor.open(paths.layerContent(layer.number), O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    }

    /// The uncompressed tar, with exactly the bytes that the diff id is the digest of.
    /// - Throws: `invalid` at the end when they are not: somebody changed the directory or the blob.
    package func writeLayerTar(_ layer: Layer, to sink: @escaping (UnsafeRawBufferPointer) throws -> Void) throws {
        let counter = TarDigest()
        if let blob = try layerBlob(for: layer) {
            let plain = try Decompressor(limit: layer.tarSize, source(try openBlob(blob.digest)))
            while let chunk = try plain.next() {
                try chunk.withUnsafeBytes {
                    counter.add($0)
                    try sink($0)
                }
            }
        } else {
            try counter.pack(OwnedDescriptor.open(paths.layerContent(layer.number), O_RDONLY | O_DIRECTORY | O_NOFOLLOW), sink)
        }
        let digest = counter.finish()
        guard digest == layer.diffID else {
            throw GantryError.invalid("layer `\(layer.diffID)` was changed on disk: its content has digest `\(digest)`")
        }
    }
}

package import OCI

/// Where a build looks for results of steps. Source: docker buildx build, `--cache-from`.
package enum CacheSource: Sendable {
    /// An image of the store's, else of a registry: the records in its configuration, and its history as the classic builder reads it.
    case image(Reference)
    case registry(Reference)
    /// An OCI layout in a folder of the client's.
    /// - Parameters:
    ///   - path: as the client calls it.
    ///   - digest: of the manifest; nil for the one with the tag.
    case folder(PassedDescriptor, path: String, digest: Digest?, tag: String)
}

/// Where a build hands its results over. Source: docker buildx build, `--cache-to`.
package struct CacheTarget: Sendable {
    package enum Place: Sendable {
        /// In the image's own configuration.
        case inline
        case registry(Reference)
        /// As an OCI layout in a folder of the client's.
        /// - Parameter resets: takes blobs away that no manifest of the folder names.
        case folder(PassedDescriptor, path: String, tag: String, resets: Bool)
    }

    package enum Compression: String, Sendable { case uncompressed, gzip, zstd }

    package var place: Place
    /// Every step, not only those whose layers the result has.
    package var includesAll = false
    /// An image manifest; else an index whose entries are the layers.
    package var isImageManifest = true
    package var hasOCITypes = true
    package var compression = Compression.gzip
    /// Nil for the format's usual one.
    package var level: Int?
    /// Also of layers that came compressed in another way.
    package var forcesCompression = false
    /// A cache that cannot be written is a warning.
    package var ignoresErrors = false

    package init(_ place: Place) { self.place = place }
}

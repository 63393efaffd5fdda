package import OCI

/// A manifest or index, exactly as the registry has it.
package struct FetchedManifest: Sendable {
    package var bytes: [UInt8]
    package var mediaType: String
    /// Computed over `bytes`, and equal to what was asked for and to what the registry claimed.
    package var digest: Digest

    package var descriptor: Descriptor { Descriptor(mediaType: mediaType, digest: digest, size: Int64(bytes.count)) }
    package var isIndex: Bool { MediaType.indexes.contains(mediaType) }
}

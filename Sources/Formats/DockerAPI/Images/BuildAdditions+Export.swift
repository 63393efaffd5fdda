extension BuildAdditions {
    /// A form in which a build's result is wanted. Source: docker buildx build, `--output`.
    package struct Export: Codable, Sendable, Hashable {
        /// `uncompressed`, `gzip` or `zstd`.
        package var compression: String?
        package var compressionLevel: Int?
        package var forcesCompression: Bool?
        package var usesOCITypes: Bool?
        package var annotations: [Annotation]?
        /// The names in the store stand for this form.
        package var isForStore: Bool?
        /// Only files are wanted.
        package var isTree: Bool?
        package var danglingNamePrefix: String?
        package var namesDigest: Bool?

        package init() {}
    }

    package struct Annotation: Codable, Sendable, Hashable {
        /// `manifest`, `index`, `manifest-descriptor` or `index-descriptor`.
        package var place: String
        /// Nil for all.
        package var platform: String?
        package var key: String
        package var value: String

        package init(place: String, platform: String?, key: String, value: String) {
            self.place = place
            self.platform = platform
            self.key = key
            self.value = value
        }
    }

    package struct Attestation: Codable, Sendable, Hashable {
        /// `sbom` or `provenance`.
        package var kind: String
        /// `min` or `max`.
        package var mode: String?
        /// `v0.2` or `v1`.
        package var version: String?

        package init(kind: String) { self.kind = kind }
    }
}

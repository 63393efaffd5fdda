package import OCI

/// In which form a build's result leaves: the options of `--output` that decide on bytes and digests.
/// Source: docker buildx build, `--output`; BuildKit, exporters.
package struct ExportForm: Sendable, Hashable, Codable {
    package enum Compression: String, Sendable, Codable { case uncompressed, gzip, zstd }

    package struct Annotation: Sendable, Hashable, Codable {
        package enum Place: String, Sendable, Codable {
            case manifest, index
            case manifestDescriptor = "manifest-descriptor"
            case indexDescriptor = "index-descriptor"
        }

        package var place: Place
        /// Nil for all.
        package var platform: Platform?
        package var key: String
        package var value: String

        package init(place: Place, platform: Platform?, key: String, value: String) {
            self.place = place
            self.platform = platform
            self.key = key
            self.value = value
        }
    }

    /// Nil for gzip.
    package var compression: Compression?
    package var level: Int?
    /// Also layers that have a compressed form already get the one asked for.
    package var isForced = false
    /// OCI's media types in place of Docker's; nil for what the rest asks for.
    package var usesOCITypes: Bool?
    package var annotations: [Annotation] = []

    package init() {}

    /// Nothing is asked for that an ordinary push does not do.
    var isPlain: Bool { self == ExportForm() }

    func annotations(_ place: Annotation.Place, _ platform: Platform? = nil) -> [String: String] {
        let fitting = annotations.filter { $0.place == place && ($0.platform == nil || platform == nil || $0.platform == platform) }
        return Dictionary(fitting.map { ($0.key, $0.value) }) { _, last in last }
    }
}

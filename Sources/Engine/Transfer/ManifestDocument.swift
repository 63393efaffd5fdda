import Crypto
import Essentials
import FoundationEssentials
import Images
import NIOCore
import OCI
import RegistryClient

/// A registry's answer, read strictly: it is an image or a list of images, never both.
enum ManifestDocument {
    case image(Manifest)
    case index(Index)

    /// - Throws: `invalid` for what could be read in two ways (CVE-2021-41190), `unsupported` for what is no image.
    init(_ fetched: FetchedManifest, of reference: Reference) throws {
        struct Shape: Decodable {
            struct Anything: Decodable { init(from decoder: any Decoder) {} }
            var config: Anything?
            var layers: [Anything]?
            var manifests: [Anything]?
        }
        let data = Data(fetched.bytes)
        do {
            let shape = try JSONDecoder().decode(Shape.self, from: data)
            guard shape.manifests == nil || (shape.config == nil && shape.layers == nil) else {
                throw GantryError.invalid("the manifest of \(reference.familiar) is ambiguous: it has both a config and manifests")
            }
            self =
                fetched.isIndex
                ? .index(try JSONDecoder().decode(Index.self, from: data))
                : .image(try JSONDecoder().decode(Manifest.self, from: data))
        } catch let error as DecodingError {
            throw GantryError.invalid("the manifest of \(reference.familiar) cannot be read", cause: error)
        }
        if case .image(let manifest) = self { try Self.check(manifest, of: reference) }
    }

    private static func check(_ manifest: Manifest, of reference: Reference) throws(GantryError) {
        guard [MediaType.config, MediaType.dockerConfig].contains(manifest.config.mediaType) else {
            throw .unsupported(
                "\(reference.familiar) is no image: its configuration is of type `\(manifest.config.mediaType.prefix(100))`")
        }
        for layer in manifest.layers {
            guard MediaType.layers.contains(layer.mediaType) else {
                throw .unsupported("\(reference.familiar) has a layer of unknown type `\(layer.mediaType.prefix(100))`")
            }
            guard layer.size >= 0 else { throw .invalid("\(reference.familiar) has a layer of \(layer.size) bytes") }
            guard layer.digest.algorithm == "sha256" else {
                throw .unsupported("digest `\(layer.digest)`: only sha256 can be verified")
            }
        }
        guard manifest.layers.count <= ImageStore.maximumLayers else {
            throw .invalid("max depth exceeded: \(manifest.layers.count) layers")
        }
    }
}

extension Index {
    /// The first entry that runs on `wanted`.
    ///
    /// The wanted variant first; without one among the entries any that the same processor runs. Source: OCI image-spec,
    /// image-index, platform; entries of platform `unknown/unknown` describe other entries.
    func choose(_ wanted: Platform) throws(GantryError) -> Descriptor {
        let candidates = manifests.filter { $0.platform?.os == wanted.os && $0.platform?.architecture == wanted.architecture }
        let variant = wanted.variant ?? (wanted.architecture == "arm64" ? "v8" : nil)
        let exact = candidates.first { ($0.platform?.variant ?? variant) == variant }
        let older = candidates.filter { ($0.platform?.variant ?? "") < (variant ?? "") }.max {
            ($0.platform?.variant ?? "") < ($1.platform?.variant ?? "")
        }
        // A single entry without a platform is taken as it is, as in images made by other tools.
        let bare = manifests.count == 1 && manifests[0].platform == nil ? manifests.first : nil
        guard let chosen = exact ?? older ?? bare else {
            throw .notFound("no matching manifest for \(wanted.text) in the manifest list entries")
        }
        return chosen
    }
}

extension RegistryRepository {
    /// Largest configuration that is read, in bytes.
    private static let configurationLimit: Int64 = 8 << 20

    /// An image's configuration, its digest checked.
    func configuration(_ descriptor: Descriptor) async throws -> (config: ImageConfig, bytes: [UInt8]) {
        guard (0...Self.configurationLimit).contains(descriptor.size) else {
            throw GantryError.invalid(
                "the configuration of \(reference.familiar) has \(descriptor.size) bytes, at most \(Self.configurationLimit) are read"
            )
        }
        var bytes: [UInt8] = []
        for try await chunk in blob(descriptor) { bytes.append(contentsOf: chunk.readableBytesView) }
        let digest = ConfigurationDigest.of(bytes)
        guard digest == descriptor.digest else {
            throw GantryError.invalid(
                "the configuration of \(reference.familiar) has digest \(digest), the manifest names \(descriptor.digest)")
        }
        do { return (try JSONDecoder().decode(ImageConfig.self, from: Data(bytes)), bytes) } catch {
            throw GantryError.invalid("the configuration of \(reference.familiar) cannot be read", cause: error)
        }
    }
}

enum ConfigurationDigest {
    static func of(_ bytes: [UInt8]) -> OCI.Digest { OCI.Digest(sha256: SHA256.hash(data: bytes)) }
}

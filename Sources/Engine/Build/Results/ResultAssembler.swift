import Essentials
import FoundationEssentials
import Images
import OCI

/// Puts a result together in one form: equal results in equal forms have equal digests.
/// Source: OCI image-spec, manifest, image-index; BuildKit, docs/attestations/attestation-storage.
struct ResultAssembler: Sendable {
    /// Annotations that tie an attestation to its image. Source: BuildKit, attestation-storage.
    private static let typeAnnotation = "vnd.docker.reference.type"
    private static let digestAnnotation = "vnd.docker.reference.digest"
    private static let predicateAnnotation = "in-toto.io/predicate-type"
    private static let statementType = "application/vnd.in-toto+json"

    let store: ImageStore
    let forms: LayerForms
    let result: BuildResult
    let form: ExportForm
    /// For the subjects of attestations.
    let names: [Reference]

    /// Blocks while it compresses.
    func assemble() throws -> AssembledResult {
        guard result.isIndex || form.annotations(.index).isEmpty else {
            throw GantryError.invalid("index annotations not supported for single platform export")
        }
        guard !usesOCITypes || form.usesOCITypes != false else {
            throw GantryError.invalid(
                "Docker's media types have no place for annotations, zstd or attestations", hint: "leave `oci-mediatypes=false` out"
            )
        }
        var whole = AssembledResult(root: AssembledResult.Document(descriptor: Self.placeholder, bytes: []))
        var images: [Descriptor] = []
        var attestations: [Descriptor] = []
        for part in result.parts {
            let image = try add(part, to: &whole)
            images.append(image)
            if !part.attestations.isEmpty { attestations.append(try addStatements(part, about: image, to: &whole)) }
        }
        if result.isIndex {
            let type = usesOCITypes ? MediaType.index : MediaType.dockerManifestList
            let annotations = form.annotations(.index)
            let index = Index(
                mediaType: type, manifests: images + attestations, annotations: annotations.isEmpty ? nil : annotations)
            whole.root = try Self.document(index, type)
        } else if let only = whole.manifests.popLast() {
            whole.root = only
            whole.root.descriptor.platform = nil
        }
        return whole
    }

    private static var placeholder: Descriptor {
        Descriptor(mediaType: MediaType.manifest, digest: ConfigurationDigest.of([]), size: 0)
    }

    /// Docker's types are for plain images; what only OCI has a place for asks for OCI's.
    private var usesOCITypes: Bool {
        form.usesOCITypes == true || !form.annotations.isEmpty || form.compression == .zstd
            || result.parts.contains { !$0.attestations.isEmpty } || (form.usesOCITypes == nil && result.isIndex)
    }

    private func add(_ part: BuildResult.Part, to whole: inout AssembledResult) throws -> Descriptor {
        guard let id = part.image, let image = try store.image(id: id) else {
            throw GantryError.notFound("the image of \(part.platform.text) is no longer here")
        }
        var layers: [Descriptor] = []
        for layer in image.layers {
            var descriptor = try forms.descriptor(of: layer, form, store)
            descriptor.mediaType = try mediaType(descriptor.mediaType)
            whole.origins[descriptor.digest] = layer
            layers.append(descriptor)
        }
        let configType = usesOCITypes ? MediaType.config : MediaType.dockerConfig
        let config = Descriptor(mediaType: configType, digest: image.id, size: Int64(image.configBytes.count))
        let type = usesOCITypes ? MediaType.manifest : MediaType.dockerManifest
        let annotations = form.annotations(.manifest, part.platform)
        var document = try Self.document(
            Manifest(mediaType: type, config: config, layers: layers, annotations: annotations.isEmpty ? nil : annotations), type)
        document.descriptor.platform = part.platform
        let said = form.annotations(.manifestDescriptor, part.platform)
        if !said.isEmpty { document.descriptor.annotations = said }
        whole.manifests.append(document)
        whole.small.append(AssembledResult.Document(descriptor: config, bytes: image.configBytes))
        whole.layers += layers
        whole.layersByConfig[image.id] = layers
        whole.configDigest = result.parts.count == 1 ? image.id : nil
        return document.descriptor
    }

    /// The media type of a layer in the family that the manifest has.
    private func mediaType(_ type: String) throws -> String {
        switch (type, usesOCITypes) {
        case (MediaType.layer, true), (MediaType.dockerLayer, true): MediaType.layer
        case (MediaType.layer, false), (MediaType.dockerLayer, false): MediaType.dockerLayer
        case (_, true) where type.hasSuffix("gzip"): MediaType.layerGzip
        case (_, false) where type.hasSuffix("gzip"): MediaType.dockerLayerGzip
        case (_, _) where type.hasSuffix("zstd"): usesOCITypes ? MediaType.layerZstd : MediaType.dockerLayerZstd
        default: throw GantryError.unsupported("a layer of type `\(type)` cannot be part of an export")
        }
    }

    private func addStatements(
        _ part: BuildResult.Part, about image: Descriptor, to whole: inout AssembledResult
    ) throws -> Descriptor {
        var layers: [Descriptor] = []
        let subjects = subjects(part.platform, image.digest)
        for attestation in part.attestations {
            let bytes = try attestation.statement(subjects: subjects)
            let descriptor = Descriptor(
                mediaType: Self.statementType, digest: ConfigurationDigest.of(bytes), size: Int64(bytes.count),
                annotations: [Self.predicateAnnotation: attestation.predicateType])
            layers.append(descriptor)
            whole.small.append(AssembledResult.Document(descriptor: descriptor, bytes: bytes))
        }
        let nowhere = Platform(os: "unknown", architecture: "unknown")
        let config = try Self.document(ImageConfig(platform: nowhere, diffIDs: layers.map(\.digest)), MediaType.config)
        var document = try Self.document(
            Manifest(mediaType: MediaType.manifest, config: config.descriptor, layers: layers), MediaType.manifest)
        document.descriptor.platform = nowhere
        document.descriptor.annotations = [
            Self.typeAnnotation: "attestation-manifest", Self.digestAnnotation: image.digest.description,
        ]
        whole.small.append(config)
        whole.manifests.append(document)
        return document.descriptor
    }

    /// Source: package-url, types, docker.
    private func subjects(_ platform: Platform, _ digest: Digest) -> [(name: String, digest: Digest)] {
        names.map { (PackageURL.image($0, platform: platform), digest) }
    }

    private static func document(_ value: some Encodable, _ type: String) throws -> AssembledResult.Document {
        let bytes = try ResultJSON.encode(value)
        return AssembledResult.Document(
            descriptor: Descriptor(mediaType: type, digest: ConfigurationDigest.of(bytes), size: Int64(bytes.count)), bytes: bytes)
    }
}

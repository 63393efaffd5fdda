import Archive
import Essentials
import FoundationEssentials
import Images
import LinuxSystem
import OCI

/// An assembled result as a tar: an OCI layout, or a docker-archive that is one too.
/// Source: OCI image-spec, image-layout; Docker Image Specification v1.2.
struct ResultArchive {
    enum Kind: String { case oci, docker }

    let store: ImageStore
    let assembled: AssembledResult
    let form: ExportForm
    let forms: LayerForms
    let names: [Reference]
    let kind: Kind

    /// Blocks.
    func write(to sink: @escaping (UnsafeRawBufferPointer) throws -> Void) throws {
        for layer in assembled.origins.values { try forms.restore(layer, form, store) }
        let writer = TarWriter { try sink($0) }
        try writer.add(TarEntry("blobs/"))
        try writer.add(TarEntry("blobs/sha256/"))
        for (digest, size, bytes) in assembled.blobs {
            let name = "blobs/sha256/\(digest.hex)"
            if let bytes {
                try writer.add(TarEntry(name), content: bytes)
                continue
            }
            try writer.begin(TarEntry(name, size: size))
            let file = try store.openBlob(digest)
            var chunk = [UInt8](repeating: 0, count: 256 << 10)
            while true {
                let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
                if count == 0 { break }
                try chunk[..<count].withUnsafeBytes { try writer.write($0) }
            }
        }
        try writer.add(TarEntry("index.json"), content: try ResultJSON.encode(Index(manifests: roots)))
        if kind == .docker { try writer.add(TarEntry("manifest.json"), content: try dockerManifest()) }
        try writer.add(TarEntry("oci-layout"), content: Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
        try writer.finish()
    }

    /// The root once for each name.
    private var roots: [Descriptor] {
        var root = assembled.root.descriptor
        let said = (root.annotations ?? [:]).merging(form.annotations(.indexDescriptor)) { _, asked in asked }
        if names.isEmpty {
            root.annotations = said.isEmpty ? nil : said
            return [root]
        }
        return names.map { name in
            root.annotations = said.merging([
                "io.containerd.image.name": name.canonical, "org.opencontainers.image.ref.name": name.tag ?? "latest",
            ]) { own, _ in own }
            return root
        }
    }

    private func dockerManifest() throws -> [UInt8] {
        struct Entry: Encodable {
            var config: String
            var repoTags: [String]
            var layers: [String]

            enum CodingKeys: String, CodingKey {
                case config = "Config"
                case repoTags = "RepoTags"
                case layers = "Layers"
            }
        }
        return try ResultJSON.encode(
            assembled.layersByConfig.sorted { $0.key.hex < $1.key.hex }.map { config, layers in
                Entry(
                    config: "blobs/sha256/\(config.hex)", repoTags: names.map(\.familiar),
                    layers: layers.map { "blobs/sha256/\($0.digest.hex)" })
            })
    }
}

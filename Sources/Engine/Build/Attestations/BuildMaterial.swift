import Crypto
import Essentials
import Images
import LinuxSystem
import OCI

/// Something that went into a build. Source: SLSA provenance v0.2, materials; v1, resolvedDependencies.
struct BuildMaterial: Sendable, Hashable {
    var uri: String
    /// `sha256`, or `sha1` for commits.
    var algorithm: String
    /// Hexadecimal.
    var digest: String

    /// A base image: by the digest that its registry knows it by, or else by its id.
    static func image(_ reference: Reference, _ image: Image) -> BuildMaterial {
        let known = image.repoDigests.first { $0.repository == reference.repository }?.digest ?? image.id
        return BuildMaterial(
            uri: PackageURL.image(reference, platform: image.config.platform), algorithm: known.algorithm, digest: known.hex)
    }

    /// SHA-256 of a file, read through a descriptor of its own. Blocks.
    static func digest(of file: OwnedDescriptor) throws -> String {
        let source = try OwnedDescriptor.open(file.procPath, 0)
        var hash = SHA256()
        var chunk = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = try chunk.withUnsafeMutableBytes { try source.read(into: $0) }
            if count == 0 { return Identifier.hex(hash.finalize()) }
            hash.update(data: chunk[..<count])
        }
    }
}

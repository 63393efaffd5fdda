import CLinux
import Essentials
import FoundationEssentials
import LinuxSystem
import OCI

/// A build cache as an OCI layout in a folder, read and written below an open descriptor. Blocks.
/// Source: OCI image-spec, image-layout.
struct CacheFolder: Sendable {
    private static let tagAnnotation = "org.opencontainers.image.ref.name"
    private let folder: OwnedDescriptor

    init(_ folder: OwnedDescriptor) { self.folder = folder }

    /// - Throws: `notFound`.
    func open(_ digest: Digest) throws -> OwnedDescriptor {
        do throws(SystemError) {
            let file = try folder.openBeneath("blobs/\(digest.algorithm)/\(digest.hex)", O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
            guard try file.status().kind == .regular else { throw SystemError("open", digest.description, errno: ENOENT) }
            return file
        } catch { throw GantryError.notFound("the folder has no blob `\(digest)`", cause: error) }
    }

    /// - Throws: `notFound` when the folder is no layout.
    func index() throws -> CacheFolderIndex {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try folder.openBeneath("index.json", O_RDONLY | O_NONBLOCK | O_NOFOLLOW).readAll(limit: 4 << 20)
        } catch { throw GantryError.notFound("could not read `index.json`", cause: error) }
        do { return CacheFolderIndex(index: try JSONDecoder().decode(Index.self, from: Data(bytes))) } catch {
            throw GantryError.invalid("cannot read `index.json`", cause: error)
        }
    }

    func has(_ digest: Digest, size: Int64) -> Bool { (try? open(digest).status().size) == size }

    /// Makes what a layout has beside its blobs.
    func prepare() throws {
        func make(_ name: String, in parent: OwnedDescriptor) throws -> OwnedDescriptor {
            let made = mkdirat(parent.raw, name, 0o755)
            guard made == 0 || gantry_errno() == EEXIST else { throw SystemError.last("mkdirat", name) }
            return try parent.openBeneath(name, O_RDONLY | O_DIRECTORY)
        }
        _ = try make("sha256", in: try make("blobs", in: folder))
        _ = try make("ingest", in: folder)
        try replace("oci-layout", with: Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8))
    }

    /// A blob appears under its name when it is complete.
    func put(_ digest: Digest, from read: () throws -> [UInt8]?) throws {
        // By descriptor: a link in the folder must not lead out of it.
        let ingest = try folder.openBeneath("ingest", O_RDONLY | O_DIRECTORY)
        let blobs = try folder.openBeneath("blobs/sha256", O_RDONLY | O_DIRECTORY)
        let temporary = Identifier.randomHex(bytes: 8)
        do {
            let file = try ingest.openBeneath(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: 0o644)
            while let chunk = try read() { try file.writeAll(chunk) }
            try file.sync()
            try LinuxSystem.check("renameat") { renameat(ingest.raw, temporary, blobs.raw, digest.hex) }
        } catch {
            unlinkat(ingest.raw, temporary, 0)
            throw error
        }
    }

    /// Names the manifest in the index; one that had the tag loses it.
    /// - Parameter resets: then takes away the blobs that no manifest of the index names.
    func name(_ manifest: Descriptor, tag: String, resets: Bool) throws {
        var entries = (try? index().index.manifests) ?? []
        entries.removeAll { $0.annotations?[Self.tagAnnotation] == tag || $0.digest == manifest.digest }
        var named = manifest
        named.annotations = [Self.tagAnnotation: tag]
        entries.append(named)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try replace("index.json", with: Array(try encoder.encode(Index(manifests: entries))))
        if resets { try removeUnnamed(entries) }
    }

    private func replace(_ name: String, with bytes: [UInt8]) throws {
        let temporary = ".\(name).\(Identifier.randomHex(bytes: 4))"
        try folder.openBeneath(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: 0o644).writeAll(bytes)
        try LinuxSystem.check("renameat", name) { renameat(folder.raw, temporary, folder.raw, name) }
    }

    private func removeUnnamed(_ manifests: [Descriptor]) throws {
        struct Shape: Decodable {
            struct Part: Decodable { var digest: String }
            var config: Part?
            var layers: [Part]?
            var manifests: [Part]?
        }
        var named: Set<String> = []
        for manifest in manifests {
            named.insert(manifest.digest.hex)
            let bytes = try open(manifest.digest).readAll(limit: 4 << 20)
            let shape = try JSONDecoder().decode(Shape.self, from: Data(bytes))
            for part in [shape.config].compactMap(\.self) + (shape.layers ?? []) + (shape.manifests ?? []) {
                named.insert(String(part.digest.drop { $0 != ":" }.dropFirst()))
            }
        }
        let blobs = try folder.openBeneath("blobs/sha256", O_RDONLY | O_DIRECTORY)
        for name in try DirectoryReader(descriptor: blobs).names() where !named.contains(String(decoding: name, as: UTF8.self)) {
            try LinuxSystem.check("unlinkat") { unlinkat(blobs.raw, name.map { CChar(bitPattern: $0) } + [0], 0) }
        }
    }
}

struct CacheFolderIndex: Sendable {
    var index: Index

    func manifest(tagged tag: String) -> Descriptor? {
        index.manifests.first { $0.annotations?["org.opencontainers.image.ref.name"] == tag }
    }
}

import Archive
import CLinux
import Essentials
import FoundationEssentials
import Images
import LinuxSystem
import OCI

/// An OCI layout in a folder. Source: OCI image-spec, image-layout.
struct LayoutFolder {
    let folder: OwnedDescriptor
    /// A tag, a digest, or empty for the only image.
    let wanted: String

    init(_ folder: OwnedDescriptor, wanted: String) {
        self.folder = folder
        self.wanted = wanted
    }

    /// Puts the image into the store.
    /// - Throws: `invalid` when the folder is no layout, `notFound` when it has no such image.
    ///
    /// - Parameter scratch: a directory of ours, where the layout waits as an archive.
    func load(into store: ImageStore, scratch: String) throws -> Digest {
        let index = try chosenIndex()
        let path = "\(scratch)/layout-\(Identifier.randomHex(bytes: 4))"
        let archive = try OwnedDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        try FileSystem.remove(path)
        // The layout as the archive that the store reads, its index cut down to the image.
        let writer = TarWriter { try archive.writeAll($0) }
        try writer.add(TarEntry("index.json"), content: index)
        let packer = TarPacker(root: folder, writer: writer)
        packer.excluded = ["index.json", "manifest.json"]
        try packer.pack("/", as: .contents)
        try writer.finish()
        try LinuxSystem.check("lseek") { lseek(archive.raw, 0, SEEK_SET) }
        let loaded = try store.load(
            from: {
                var chunk = [UInt8](repeating: 0, count: 256 << 10)
                let count = try chunk.withUnsafeMutableBytes { try archive.read(into: $0) }
                return count == 0 ? nil : Array(chunk[..<count])
            }, platforms: [.host])
        guard let image = loaded.first else { throw GantryError.notFound("the OCI layout holds no image `\(wanted)`") }
        return image.id
    }

    private func chosenIndex() throws -> [UInt8] {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try folder.openInRoot("index.json", O_RDONLY | O_NONBLOCK).readAll(limit: 4 << 20) } catch
        {
            throw GantryError.invalid("the folder is no OCI layout: it has no `index.json`", cause: error)
        }
        var index: Index
        do { index = try JSONDecoder().decode(Index.self, from: Data(bytes)) } catch {
            throw GantryError.invalid("cannot read the `index.json` of the OCI layout", cause: error)
        }
        if !wanted.isEmpty {
            index.manifests = index.manifests.filter {
                $0.digest.description == wanted || $0.annotations?["org.opencontainers.image.ref.name"] == wanted
            }
        }
        guard let first = index.manifests.first else { throw GantryError.notFound("the OCI layout holds no image `\(wanted)`") }
        guard index.manifests.count == 1 else {
            throw GantryError.invalid("the OCI layout holds several images", hint: "name one: `oci-layout://folder:tag`")
        }
        var only = first
        // Not to be taken for a name: what the store has under it stays.
        only.annotations = nil
        index.manifests = [only]
        return Array(try JSONEncoder().encode(index))
    }
}

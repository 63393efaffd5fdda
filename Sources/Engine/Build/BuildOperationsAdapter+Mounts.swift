import Compression
import Crypto
import Essentials
import FoundationEssentials
import Images
import LinuxSystem
import OCI
import RegistryClient

/// Single cache mounts between machines, as archives and through registries.
extension BuildOperationsAdapter {
    /// Of the manifest of a cache mount in a registry; its one layer is the archive.
    private static let artifactType = "application/vnd.gantry.cachemount.v1"
    private static let archiveType = "application/vnd.gantry.cachemount.v1.tar+zstd"
    private static let emptyType = "application/vnd.oci.empty.v1+json"

    func exportMount(_ id: String, to sink: ByteSink) async throws {
        let root = try await mounts.borrow(id)
        do { try await BlockingWork.writing(to: sink) { write in try BuildMounts.pack(root) { try write(Array($0)) } } } catch {
            await mounts.giveBack(id)
            throw error
        }
        await mounts.giveBack(id)
    }

    func importMount(_ id: String, from archive: ByteStream) async throws {
        try Self.check(id)
        let (mounts, store) = (mounts, context.imageStore)
        try await install(
            try await BlockingWork.reading(archive, drainAfterFailure: true) { try mounts.unpack($0, store: store) }, as: id)
    }

    func pushMount(_ id: String, as reference: Reference, credentials: RegistryLogin?) async throws -> OCI.Digest {
        guard reference.digest == nil else { throw GantryError.invalid("a cache mount cannot be pushed under a digest") }
        let store = context.imageStore
        let repository = try await images.transfer.client.repository(
            of: reference, credentials: RegistryCredentials(credentials), access: .push)
        do {
            // Holds the archive, which no record points to.
            let lease = store.pin()
            defer { withExtendedLifetime(lease) {} }
            let blob = try await archive(id)
            if try await !repository.hasBlob(blob.digest) {
                try await repository.uploadBlob(blob) {
                    let file = try store.openBlob(blob.digest)
                    return AsyncThrowingStream { try await BlobReading.chunk(of: file) }
                }
            }
            let digest = try await put(blob, id, repository, tag: reference.tag ?? "latest")
            try await collect()
            return digest
        } catch {
            try await collect()
            throw error
        }
    }

    func pullMount(_ id: String, from reference: Reference, credentials: RegistryLogin?) async throws {
        try Self.check(id)
        let store = context.imageStore
        let blobs = try await RegistryCacheBlobs(
            reference, client: images.transfer.client, credentials: RegistryCredentials(credentials))
        let document = try await blobs.manifest(nil)
        let manifest = try? JSONDecoder().decode(Manifest.self, from: Data(document.bytes))
        guard let manifest, manifest.artifactType == Self.artifactType, let blob = manifest.layers.first,
            blob.mediaType == Self.archiveType, manifest.layers.count == 1
        else { throw GantryError.invalid("`\(reference.familiar)` holds no cache mount") }
        do {
            let lease = store.pin()
            defer { withExtendedLifetime(lease) {} }
            try await blobs.fetch(blob, into: store)
            let mounts = mounts
            let fresh = try await BlockingWork.run {
                let file = try store.openBlob(blob.digest)
                return try mounts.unpack(
                    {
                        var chunk = [UInt8](repeating: 0, count: 256 << 10)
                        let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
                        return count == 0 ? nil : Array(chunk[..<count])
                    }, store: store)
            }
            try await install(fresh, as: id)
        } catch {
            try await collect()
            throw error
        }
        try await collect()
    }

    private static func check(_ id: String) throws(GantryError) {
        guard !id.isEmpty, id.utf8.count <= 4096 else { throw .invalid("a cache mount needs an id of 1 to 4096 bytes") }
    }

    private func install(_ fresh: String, as id: String) async throws {
        do { try await mounts.install(fresh, as: id) } catch {
            try await BlockingWork.run { if FileSystem.exists(fresh) { try FileSystem.removeTree(fresh) } }
            throw error
        }
    }

    private func collect() async throws {
        try await BlockingWork.run { [store = context.imageStore] in try store.collectGarbage() }
    }

    /// The mount's archive as a blob of the store's.
    private func archive(_ id: String) async throws -> Descriptor {
        let store = context.imageStore
        let root = try await mounts.borrow(id)
        let made: Result<Descriptor, any Error>
        do { made = .success(try await BlockingWork.run { try Self.archive(root, store) }) } catch { made = .failure(error) }
        await mounts.giveBack(id)
        return try made.get()
    }

    private static func archive(_ root: OwnedDescriptor, _ store: ImageStore) throws -> Descriptor {
        let ingest = try store.beginIngest()
        let compressor = try Compressor(.zstd) { try ingest.write($0) }
        try BuildMounts.pack(root) { try compressor.write($0) }
        try compressor.finish()
        let size = ingest.written
        return Descriptor(mediaType: archiveType, digest: try ingest.commit(), size: size)
    }

    private func put(
        _ blob: Descriptor, _ id: String, _ repository: RegistryRepository, tag: String
    ) async throws -> OCI.Digest {
        let empty = Array("{}".utf8)
        let config = Descriptor(
            mediaType: Self.emptyType, digest: OCI.Digest(sha256: SHA256.hash(data: empty)), size: Int64(empty.count))
        if try await !repository.hasBlob(config.digest) { try await repository.uploadBlob(config, bytes: empty) }
        var manifest = Manifest(
            mediaType: MediaType.manifest, config: config, layers: [blob], annotations: ["org.gantry.cachemount.id": id])
        manifest.artifactType = Self.artifactType
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = Array(try encoder.encode(manifest))
        try await repository.putManifest(bytes, mediaType: MediaType.manifest, tag: tag)
        return OCI.Digest(sha256: SHA256.hash(data: bytes))
    }
}

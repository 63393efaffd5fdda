import CLinux
import Crypto
import Essentials
import FoundationEssentials
import Images
import LinuxSystem
import NIOCore
import OCI
import RegistryClient

/// Where the manifests and blobs of a build cache are read from.
protocol CacheBlobs: Sendable {
    /// As people know it: `registry registry.example/app:cache`.
    var name: String { get }
    /// The repository that has the blobs; nil for a folder.
    var reference: Reference? { get }
    /// The manifest of a digest, or without one that which the source stands for; its digest is checked.
    func manifest(_ digest: OCI.Digest?) async throws -> CacheDocument
    func chunks(_ descriptor: Descriptor) throws -> ByteStream
}

/// A manifest or index as it was found.
struct CacheDocument: Sendable {
    var bytes: [UInt8]
    var mediaType: String
}

extension CacheBlobs {
    /// A small blob whole, its size and digest checked.
    func bytes(_ descriptor: Descriptor, limit: Int64) async throws -> [UInt8] {
        guard (0...limit).contains(descriptor.size) else {
            throw GantryError.invalid("\(descriptor.digest) has \(descriptor.size) bytes, at most \(limit) are read")
        }
        var bytes: [UInt8] = []
        for try await chunk in try chunks(descriptor) {
            bytes += chunk
            guard bytes.count <= descriptor.size else { break }
        }
        let digest = OCI.Digest(sha256: SHA256.hash(data: bytes))
        guard digest == descriptor.digest else {
            throw GantryError.invalid("blob has digest `\(digest)`, expected `\(descriptor.digest)`")
        }
        return bytes
    }

    /// Brings a blob into the store.
    func fetch(_ descriptor: Descriptor, into store: ImageStore) async throws {
        if store.hasBlob(descriptor.digest) { return }
        try await BlockingWork.reading(try chunks(descriptor)) { read in
            let ingest = try store.beginIngest()
            while let chunk = try read() {
                try ingest.write(chunk)
                guard ingest.written <= descriptor.size else { break }
            }
            try ingest.commit(expecting: descriptor.digest, size: descriptor.size)
        }
    }
}

/// A repository of a registry.
struct RegistryCacheBlobs: CacheBlobs {
    let repository: RegistryRepository
    let first: FetchedManifest

    init(_ reference: Reference, client: RegistryClient, credentials: RegistryCredentials) async throws {
        (first, repository) = try await client.resolveManifest(reference, credentials: credentials)
    }

    var name: String { "registry \(repository.reference.familiar)" }
    var reference: Reference? { repository.reference }

    func manifest(_ digest: OCI.Digest?) async throws -> CacheDocument {
        let found = if let digest { try await repository.manifest(digest) } else { first }
        return CacheDocument(bytes: found.bytes, mediaType: found.mediaType)
    }

    func chunks(_ descriptor: Descriptor) -> ByteStream { repository.blob(descriptor).map { Array($0.readableBytesView) } }
}

/// An OCI layout in a folder. Source: OCI image-spec, image-layout.
struct FolderCacheBlobs: CacheBlobs {
    let folder: OwnedDescriptor
    let path: String
    let digest: OCI.Digest?
    let tag: String

    var name: String { "folder \(path)" }
    var reference: Reference? { nil }

    func manifest(_ wanted: OCI.Digest?) async throws -> CacheDocument {
        let (folder, own, tag) = (folder, digest, tag)
        return try await BlockingWork.run {
            guard let digest = try wanted ?? own ?? CacheFolder(folder).index().manifest(tagged: tag)?.digest else {
                throw GantryError.notFound("no digest found for tag `\(tag)`")
            }
            let bytes = try CacheFolder(folder).open(digest).readAll(limit: 4 << 20)
            guard OCI.Digest(sha256: SHA256.hash(data: bytes)) == digest else {
                throw GantryError.invalid("the manifest `\(digest)` was changed")
            }
            return CacheDocument(bytes: bytes, mediaType: try Self.mediaType(of: bytes, digest))
        }
    }

    /// What the document calls itself, or else looks like.
    private static func mediaType(of bytes: [UInt8], _ digest: OCI.Digest) throws -> String {
        struct Anything: Decodable { init(from decoder: any Decoder) {} }
        struct Shape: Decodable {
            var mediaType: String?
            var manifests: [Anything]?
            var layers: [Anything]?
        }
        let shape = try? JSONDecoder().decode(Shape.self, from: Data(bytes))
        if let mediaType = shape?.mediaType { return mediaType }
        if shape?.manifests != nil { return MediaType.index }
        guard shape?.layers != nil else { throw GantryError.invalid("`\(digest)` is no manifest") }
        return MediaType.manifest
    }

    func chunks(_ descriptor: Descriptor) throws -> ByteStream {
        let file = try CacheFolder(folder).open(descriptor.digest)
        return AsyncThrowingStream<[UInt8], any Error> {
            let chunk = try await BlobReading.chunk(of: file)
            return chunk.map { Array($0.readableBytesView) }
        }
    }
}

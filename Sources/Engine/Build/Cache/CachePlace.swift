import Essentials
import Images
import LinuxSystem
import OCI
import RegistryClient

/// Where a build's cache is written to: blobs first, the manifest that names them last.
protocol CachePlace: Sendable {
    func has(_ blob: Descriptor) async throws -> Bool
    /// Takes a blob from where it is without it coming here.
    /// - Returns: false when that does not go.
    func take(_ blob: Descriptor, from source: Reference) async throws -> Bool
    /// Takes a blob of the store's.
    func put(_ blob: Descriptor) async throws
    func put(_ blob: Descriptor, bytes: [UInt8]) async throws
    func finish(_ manifest: Descriptor, bytes: [UInt8]) async throws
}

struct RegistryCachePlace: CachePlace {
    let repository: RegistryRepository
    let store: ImageStore
    let tag: String

    init(_ reference: Reference, _ caches: BuildCaches) async throws {
        repository = try await caches.transfer.client.repository(
            of: reference, credentials: RegistryCredentials(caches.request.login(for: reference)), access: .push)
        store = caches.context.imageStore
        tag = reference.tag ?? "latest"
    }

    func has(_ blob: Descriptor) async throws -> Bool { try await repository.hasBlob(blob.digest) }

    func take(_ blob: Descriptor, from source: Reference) async throws -> Bool {
        guard source.domain == repository.reference.domain, source.path != repository.path else { return false }
        return try await repository.mountBlob(blob.digest, from: source.path)
    }

    func put(_ blob: Descriptor) async throws {
        let store = store
        try await repository.uploadBlob(blob) {
            let file = try store.openBlob(blob.digest)
            return AsyncThrowingStream { try await BlobReading.chunk(of: file) }
        }
    }

    func put(_ blob: Descriptor, bytes: [UInt8]) async throws {
        if try await has(blob) { return }
        try await repository.uploadBlob(blob, bytes: bytes)
    }

    func finish(_ manifest: Descriptor, bytes: [UInt8]) async throws {
        try await repository.putManifest(bytes, mediaType: manifest.mediaType, tag: tag)
    }
}

struct FolderCachePlace: CachePlace {
    let folder: CacheFolder
    let store: ImageStore
    let tag: String
    let resets: Bool

    func take(_ blob: Descriptor, from source: Reference) async throws -> Bool { false }
    func has(_ blob: Descriptor) async throws -> Bool { folder.has(blob.digest, size: blob.size) }

    func put(_ blob: Descriptor) async throws {
        let (folder, store) = (folder, store)
        try await BlockingWork.run {
            try folder.prepare()
            let file = try store.openBlob(blob.digest)
            try folder.put(blob.digest) {
                var chunk = [UInt8](repeating: 0, count: 1 << 20)
                let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
                return count == 0 ? nil : Array(chunk[..<count])
            }
        }
    }

    func put(_ blob: Descriptor, bytes: [UInt8]) async throws {
        let folder = folder
        try await BlockingWork.run {
            try folder.prepare()
            var rest: [UInt8]? = bytes
            try folder.put(blob.digest) {
                defer { rest = nil }
                return rest
            }
        }
    }

    func finish(_ manifest: Descriptor, bytes: [UInt8]) async throws {
        try await put(manifest, bytes: bytes)
        let (folder, tag, resets) = (folder, tag, resets)
        try await BlockingWork.run { try folder.name(manifest, tag: tag, resets: resets) }
    }
}

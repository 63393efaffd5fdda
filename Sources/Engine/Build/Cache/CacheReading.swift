import Builder
import Essentials
import Images
import OCI
import RegistryClient

/// Opens the sources of a build's cache.
enum CacheReading {
    static func name(_ source: CacheSource) -> String {
        switch source {
        case .image(let reference): reference.familiar
        case .registry(let reference): "registry \(reference.familiar)"
        case .folder(_, let path, _, _): "folder \(path)"
        }
    }

    /// - Throws: when there is nothing or it cannot be read.
    static func read(_ source: CacheSource, _ caches: BuildCaches) async throws -> ImportedCache {
        let platform = caches.request.options.platform ?? .host
        switch source {
        case .folder(let passed, let path, let digest, let tag):
            let blobs = FolderCacheBlobs(folder: try caches.take(passed), path: path, digest: digest, tag: tag)
            return try await ImportedCache(blobs, platform: platform)
        case .registry(let reference): return try await ImportedCache(registry(reference, caches), platform: platform)
        case .image(let reference):
            var cache =
                if let image = try present(reference, caches.context.imageStore) {
                    try ImportedCache(image, name: "image \(reference.familiar)")
                } else {
                    try await ImportedCache(registry(reference, caches), platform: platform)
                }
            cache.isHistoryRead = true
            return cache
        }
    }

    private static func registry(_ reference: Reference, _ caches: BuildCaches) async throws -> RegistryCacheBlobs {
        try await RegistryCacheBlobs(
            reference, client: caches.transfer.client, credentials: RegistryCredentials(caches.request.login(for: reference)))
    }

    private static func present(_ reference: Reference, _ store: ImageStore) throws -> Image? {
        do { return try store.image(reference.canonical) } catch let error as GantryError where error.kind == .notFound {
            return nil
        }
    }
}

extension ImageBuildRequest {
    /// What the client sent for the registry of a name.
    func login(for reference: Reference) -> RegistryLogin? {
        credentials[reference.domain] ?? (reference.domain == "docker.io" ? credentials["https://index.docker.io/v1/"] : nil)
    }
}

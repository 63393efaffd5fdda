import Images
import LinuxSystem
import NIOCore
import OCI
import RegistryClient

/// Brings one blob of the store to a registry and tells how far it is.
struct BlobUpload {
    let blob: Descriptor
    /// Of the messages.
    let id: String
    let repository: RegistryRepository
    let store: ImageStore
    let relay: ProgressRelay

    /// Takes the blob over from another repository of the same registry that may have it, for `layer` is what it holds.
    /// - Returns: false when none gives it.
    func mount(_ layer: Layer) async throws -> Bool {
        for source in try MountCandidates.of(layer, repository, store)
        where try await repository.mountBlob(blob.digest, from: source) {
            relay.say("Mounted from \(source)", id)
            return true
        }
        return false
    }

    func send() async throws {
        let (blob, id, store, relay) = (blob, id, store, relay)
        try await repository.uploadBlob(blob) {
            let file = try store.openBlob(blob.digest)
            let counter = ByteCounter()
            return AsyncThrowingStream {
                guard let chunk = try await BlobReading.chunk(of: file) else { return nil }
                relay.move("Pushing", id, current: counter.add(chunk.readableBytes), total: blob.size)
                return chunk
            }
        }
        relay.say("Pushed", id)
    }
}

private enum MountCandidates {
    /// Other repositories of the same registry that may have the layer: those of images here that use it.
    static func of(_ layer: Layer, _ repository: RegistryRepository, _ store: ImageStore) throws -> [String] {
        let names = try store.list().filter { $0.layers.contains(layer) }.flatMap { $0.references + $0.repoDigests }
        let paths = Set(names.filter { $0.domain == repository.reference.domain && $0.path != repository.path }.map(\.path))
        return Array(paths.sorted().prefix(3))
    }
}

enum BlobReading {
    /// The next bytes of a file, read on a thread that may block; nil at the end.
    static func chunk(of file: OwnedDescriptor) async throws -> ByteBuffer? {
        try await BlockingWork.run {
            var buffer = ByteBufferAllocator().buffer(capacity: 1 << 20)
            try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 1 << 20) { try file.read(into: $0) }
            return buffer.readableBytes > 0 ? buffer : nil
        }
    }
}

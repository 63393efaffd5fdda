import Essentials
import Images
import LinuxSystem
import OCI
import RegistryClient

/// Brings an assembled result to a registry.
struct ResultPusher: Sendable {
    private static let parallelUploads = 5

    let store: ImageStore
    let repository: RegistryRepository
    let assembled: AssembledResult
    let forms: LayerForms
    let form: ExportForm

    /// - Parameter tag: nil to store it under its digest alone.
    func push(tag: String?, _ relay: ProgressRelay) async throws {
        var missing: [Descriptor] = []
        for layer in assembled.layers where !missing.contains(where: { $0.digest == layer.digest }) { missing.append(layer) }
        try await withThrowingTaskGroup(of: Void.self) { [missing] group in
            for (number, layer) in missing.enumerated() {
                if number >= Self.parallelUploads { try await group.next() }
                group.addTask { try await send(layer, relay) }
            }
            try await group.waitForAll()
        }
        for document in assembled.small where try await !repository.hasBlob(document.descriptor.digest) {
            try await repository.uploadBlob(document.descriptor, bytes: document.bytes)
        }
        for manifest in assembled.manifests {
            try await repository.putManifest(manifest.bytes, mediaType: manifest.descriptor.mediaType, tag: nil)
        }
        let root = assembled.root
        try await repository.putManifest(root.bytes, mediaType: root.descriptor.mediaType, tag: tag)
        let name = tag ?? root.descriptor.digest.short
        relay.say("\(name): digest: \(root.descriptor.digest) size: \(root.bytes.count)")
        var last = ProgressMessage()
        last.pushed = (name, root.descriptor.digest, Int64(root.bytes.count))
        relay.say(last)
    }

    private func send(_ layer: Descriptor, _ relay: ProgressRelay) async throws {
        let id = (assembled.origins[layer.digest]?.diffID ?? layer.digest).short
        if try await repository.hasBlob(layer.digest) { return relay.say("Layer already exists", id) }
        let upload = BlobUpload(blob: layer, id: id, repository: repository, store: store, relay: relay)
        if let origin = assembled.origins[layer.digest] {
            if try await upload.mount(origin) { return }
            let (store, forms, form) = (store, forms, form)
            try await BlockingWork.run { try forms.restore(origin, form, store) }
        }
        try await upload.send()
    }
}

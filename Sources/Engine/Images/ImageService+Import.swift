import Builder
import Compression
import Essentials
import Images
import LinuxSystem
import OCI

extension ImageService {
    func importArchive(
        _ archive: ByteStream, as reference: Reference?, message: String, changes: [String], platform: Platform?,
        progress: @escaping ProgressSink
    ) async throws {
        let store = context.imageStore
        let image = try await BlockingWork.reading(archive) { read in
            // Held until the image points to the layer.
            let lease = store.pin()
            defer { withExtendedLifetime(lease) {} }
            let content = try store.decompressor(read)
            let layer = try store.importLayer(from: content.next, parent: nil)
            let now = Timestamp.now().rfc3339
            let config = ImageConfig(
                created: now, platform: platform ?? .host, config: try ImageChanges.apply(changes, to: ContainerDefaults()),
                diffIDs: [layer.diffID],
                history: [ImageConfig.History(created: now, createdBy: nil, comment: message.isEmpty ? "Imported from -" : message)]
            )
            let image = try store.createImage(config: config)
            if let reference { try store.tag(image.id, as: reference.withDefaultTag) }
            return image
        }
        context.events.publish("image", "import", actor: image.id.description, attributes: ["name": image.id.description])
        try await progress(ProgressMessage(status: image.id.description))
    }
}

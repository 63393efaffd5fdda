internal import Essentials
internal import GRDB
internal import OCI

extension ImageStore {
    /// The steps that made the image, newest first. Steps that are images themselves (its parents) have their id and tags.
    package func history(_ image: Image) throws -> [HistoryEntry] {
        var layers = image.layers[...]
        var entries: [HistoryEntry] = []
        for step in image.config.history ?? [] {
            var size: Int64 = 0
            if step.emptyLayer != true, let layer = layers.popFirst() { size = layer.size }
            entries.append(
                HistoryEntry(
                    id: nil, createdAt: step.created.flatMap { Timestamp(rfc3339: $0) }, createdBy: step.createdBy ?? "",
                    comment: step.comment ?? "", size: size, tags: []))
        }
        // Layers that the history does not speak of.
        for layer in layers {
            entries.append(
                HistoryEntry(id: nil, createdAt: image.createdAt, createdBy: "", comment: "", size: layer.size, tags: []))
        }
        entries.reverse()
        var next: Image? = image
        for index in entries.indices {
            guard let current = next else { break }
            let entry = entries[index]
            entries[index] = HistoryEntry(
                id: current.id, createdAt: entry.createdAt, createdBy: entry.createdBy, comment: entry.comment, size: entry.size,
                tags: current.references)
            next = try current.parent.flatMap { try self.image(id: $0) }
        }
        return entries
    }

    /// What images cost on disk. Source: Engine API, SystemDataUsage.
    package func diskUsage() throws -> ImageDiskUsage {
        let images = try list()
        var users: [Digest: Int] = [:]
        var sizes: [Digest: Int64] = [:]
        for image in images {
            for layer in image.layers {
                users[layer.chainID, default: 0] += 1
                sizes[layer.chainID] = layer.size
            }
        }
        let entries = images.map { image in
            ImageDiskUsage.Entry(
                image: image, sharedSize: image.layers.reduce(0) { $0 + (users[$1.chainID, default: 0] > 1 ? $1.size : 0) })
        }
        return ImageDiskUsage(images: entries, layersSize: sizes.values.reduce(0, +))
    }
}

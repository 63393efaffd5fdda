import Essentials
import Images
import LinuxSystem
import OCI

/// Images as the user sees them. Transfers and archives stand in extensions.
struct ImageService: ImageOperations {
    let context: EngineContext
    let transfer: ImageTransfer

    func list(all: Bool, filters: [String: [String]], sharedSize: Bool) async throws -> [ImageDetails] {
        let filter = try ImageFilter(filters, find: context.imageStore.image)
        let usage = await ImageUsageReport.make(context)
        let shared = sharedSize ? try context.imageStore.diskUsage() : nil
        // The other platforms of a name stand behind it.
        let listed = all ? [:] : try context.imageStore.listedImages()
        return try context.imageStore.list().filter(filter.admits).filter { listed[$0.id] == nil || !$0.references.isEmpty }
            .sorted { ($0.createdAt ?? $0.addedAt) > ($1.createdAt ?? $1.addedAt) }
            .map { image in
                var row = try details(image, containers: usage.count(of: image.id))
                // Docker shows only the names that were asked for.
                row.tags = image.references.filter(filter.names).map(\.familiar).sorted()
                row.sharedSize = shared?.images.first { $0.image.id == image.id }?.sharedSize
                return row
            }
    }

    func details(_ name: NameOrID) async throws -> ImageDetails {
        let image = try context.imageStore.image(name)
        return try details(image, containers: await ImageUsageReport.make(context).count(of: image.id))
    }

    func details(_ image: Image, containers: Int) throws -> ImageDetails {
        let layers = context.imageStore.layersDirectory
        let lower = try context.imageStore.lowerNames(of: image.topLayer).map { "\(layers)/\($0)" }
        return ImageDetails(
            id: image.id, tags: image.references.map(\.familiar).sorted(), repoDigests: image.repoDigests.map(\.familiar).sorted(),
            parent: image.parent, config: image.config, createdAt: image.createdAt,
            size: image.size, containers: containers,
            layerDirectories: LayerDirectories(upper: lower.first ?? "", work: "", lower: Array(lower.dropFirst())),
            lastTaggedAt: image.taggedAt)
    }

    func history(_ name: NameOrID) async throws -> [ImageHistoryRow] {
        let image = try context.imageStore.image(name)
        return try context.imageStore.history(image).map { entry in
            ImageHistoryRow(
                id: entry.id, createdAt: entry.createdAt, createdBy: entry.createdBy,
                tags: entry.tags.map(\.familiar), size: entry.size, comment: entry.comment)
        }
    }

    func tag(_ name: NameOrID, as reference: Reference) async throws {
        guard reference.digest == nil else { throw GantryError.invalid("refusing to create a tag with a digest reference") }
        let image = try context.imageStore.image(name)
        let named = reference.withDefaultTag
        let list = try (try? Reference(name)).flatMap { try context.imageStore.list(named: $0) }
        try context.imageStore.tag(image.id, as: named)
        if let list, list.main == image.id { try context.imageStore.setList(list, as: named) }
        context.events.publish("image", "tag", actor: image.id.description, attributes: attributes(image, name: named.familiar))
    }

    func attributes(_ image: Image, name: String) -> [String: String] {
        (image.config.config?.labels ?? [:]).merging(["name": name]) { _, new in new }
    }

    func remove(_ name: NameOrID, force: Bool, prune: Bool) async throws -> [ImageRemovalRow] {
        let image = try context.imageStore.image(name)
        let rows = try context.imageStore.remove(
            name, force: force, prune: prune, usage: await ImageUsageReport.make(context).usage)
        tell(rows, of: image)
        return rows.map(Self.row)
    }

    private func tell(_ rows: [ImageRemoval], of image: Image) {
        for row in rows {
            switch row {
            case .untagged(let name):
                context.events.publish("image", "untag", actor: image.id.description, attributes: attributes(image, name: name))
            case .deleted(let digest):
                context.events.publish("image", "delete", actor: digest.description, attributes: ["name": digest.description])
            }
        }
    }

    private static func row(_ removal: ImageRemoval) -> ImageRemovalRow {
        switch removal {
        case .untagged(let name): .untagged(name)
        case .deleted(let digest): .deleted(digest)
        }
    }

    func prune(filters: [String: [String]]) async throws -> (removed: [ImageRemovalRow], reclaimed: Int64) {
        var filter = ImageStore.PruneFilter()
        let checked = try PruneFilter(filters, others: ["dangling"])
        filter.until = checked.until
        filter.labels = checked.labels
        filter.withoutLabels = checked.excluded
        let all = (filters["dangling"] ?? []).contains { ["false", "0"].contains($0.lowercased()) }
        let result = try context.imageStore.prune(all: all, usage: await ImageUsageReport.make(context).usage, filter: filter)
        context.events.publish("image", "prune", actor: "", attributes: ["reclaimed": "\(result.reclaimed)"])
        return (result.removed.map(Self.row), result.reclaimed)
    }

    func save(_ names: [NameOrID], platforms: [Platform], to sink: ByteSink) async throws {
        for name in names { _ = try context.imageStore.image(name) }
        let store = context.imageStore
        try await BlockingWork.writing(to: sink) { write in
            try store.save(names, platforms: platforms) { try write(Array($0)) }
        }
        for name in names {
            let image = try context.imageStore.image(name)
            context.events.publish("image", "save", actor: image.id.description, attributes: attributes(image, name: name))
        }
    }

    func load(_ archive: ByteStream, platforms: [Platform], quiet: Bool, progress: @escaping ProgressSink) async throws {
        let store = context.imageStore
        let loaded = try await BlockingWork.reading(archive) { read in try store.load(from: read, platforms: platforms) }
        for item in loaded {
            for name in item.references where !item.members.isEmpty {
                try store.setList(ListedResult.list(of: item.members, main: item.id, named: name), as: name)
            }
            let name =
                item.references.isEmpty ? ["Loaded image ID: \(item.id)"] : item.references.map { "Loaded image: \($0.familiar)" }
            for line in name { try await progress(ProgressMessage(stream: line + "\n")) }
            context.events.publish("image", "load", actor: item.id.description, attributes: ["name": item.id.description])
        }
    }
}

/// Which containers use which image.
struct ImageUsageReport {
    private(set) var usage = ImageUsage()

    static func make(_ context: EngineContext) async -> ImageUsageReport {
        var report = ImageUsageReport()
        for container in context.allContainers {
            let record = await container.record
            report.usage.containers[record.imageID, default: []].append(
                ImageUsage.Container(id: record.id, isRunning: record.phase.processID != nil))
            for mount in record.mounts where mount.kind == .image {
                guard let image = try? Digest(mount.source), image != record.imageID else { continue }
                report.usage.containers[image, default: []].append(
                    ImageUsage.Container(id: record.id, isRunning: record.phase.processID != nil))
            }
        }
        return report
    }

    func count(of image: Digest) -> Int { usage.containers[image]?.count ?? 0 }
}

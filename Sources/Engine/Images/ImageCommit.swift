import Builder
import Essentials
import Images
import OCI

/// Makes an image of what a container wrote.
struct ImageCommit {
    let context: EngineContext

    func commit(_ record: ContainerRecord, request: CommitRequest) throws -> Digest {
        guard let snapshot = try context.imageStore.snapshot(id: record.id) else {
            throw GantryError.internal("container \(record.id) has no file system")
        }
        // Held until an image points to the layer.
        let lease = context.imageStore.pin()
        defer { withExtendedLifetime(lease) {} }
        let layer = try context.imageStore.copyLayer(of: snapshot, leavingOut: try stubs(record, snapshot))
        let base = try context.imageStore.image(record.imageID.description)
        var config = base.config
        let now = Timestamp.now().rfc3339
        config.created = now
        config.author = request.author.isEmpty ? config.author : request.author
        config.config = try ImageChanges.apply(request.changes, to: defaults(record.settings))
        config.rootfs.diffIDs.append(layer.diffID)
        config.history =
            (config.history ?? []) + [
                ImageConfig.History(
                    created: now, createdBy: record.program.joined(separator: " "),
                    author: request.author.isEmpty ? nil : request.author,
                    comment: request.comment.isEmpty ? nil : request.comment)
            ]
        let image = try context.imageStore.createImage(config: config, parent: base.id)
        if let reference = request.reference { try context.imageStore.tag(image.id, as: reference.withDefaultTag) }
        return image.id
    }

    /// What a run made only to mount something on.
    private func stubs(_ record: ContainerRecord, _ snapshot: Snapshot) throws -> [String] {
        let changes = try context.imageStore.changes(of: snapshot).map { change in
            FileChange(path: change.path, kind: FileChange.Kind(rawValue: change.kind.rawValue) ?? .modified)
        }
        let kept = Set(MountPoints.remove(from: changes, mounts: record.mounts.map(\.destination)).map(\.path))
        return changes.filter { $0.kind != .deleted && !kept.contains($0.path) }.map(\.path)
    }

    /// The container's settings as an image's defaults.
    private func defaults(_ settings: ContainerSettings) -> ContainerDefaults {
        var result = ContainerDefaults()
        result.user = settings.user.isEmpty ? nil : settings.user
        result.exposedPorts =
            settings.exposedPorts.isEmpty ? nil : Dictionary(uniqueKeysWithValues: settings.exposedPorts.map { ($0, .init()) })
        result.environment = settings.environment
        result.entrypoint = settings.entrypoint
        result.command = settings.command
        result.volumes = settings.volumes.isEmpty ? nil : Dictionary(uniqueKeysWithValues: settings.volumes.map { ($0, .init()) })
        result.workingDirectory = settings.workingDirectory.isEmpty ? nil : settings.workingDirectory
        result.labels = settings.labels.isEmpty ? nil : settings.labels
        result.stopSignal = settings.stopSignal
        result.healthcheck = settings.healthcheck
        result.onBuild = settings.onBuild
        result.shell = settings.shell
        return result
    }
}

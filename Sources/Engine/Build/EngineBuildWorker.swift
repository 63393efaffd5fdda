import Builder
import CLinux
import Dockerfile
import Essentials
import Images
import LinuxSystem
import Logging
import OCI
import RegistryClient
import Synchronization

/// Gives one build the engine's images, layers and processes.
final class EngineBuildWorker: BuildWorker {
    let context: EngineContext
    let request: ImageBuildRequest
    let directory: BuildDirectory
    let mounts: BuildMounts
    let agents: [String: OwnedDescriptor]
    private let images: ImageService
    /// Has layers that are not here yet.
    let caches: BuildCaches
    /// Held until the build has ended: its layers have no image yet.
    private let lease: Lease

    init(
        context: EngineContext, images: ImageService, request: ImageBuildRequest, directory: BuildDirectory, mounts: BuildMounts,
        agents: [String: OwnedDescriptor], caches: BuildCaches
    ) {
        self.caches = caches
        self.agents = agents
        self.context = context
        self.images = images
        self.request = request
        self.directory = directory
        self.mounts = mounts
        lease = context.imageStore.pin()
    }

    var store: ImageStore { context.imageStore }

    // MARK: Images

    func resolveBase(
        _ reference: Reference, platform: Platform, pull: Bool, progress: @escaping @Sendable (String, Int64?, Int64?) -> Void
    ) async throws -> BaseImage {
        if !pull, let image = try present(reference), Self.runs(image.config.platform, on: platform) { return base(image) }
        // With results of other machines at hand the layers may never be needed.
        if !request.cacheSources.isEmpty, let base = try await absentBase(reference, platform) { return base }
        try await fetchBase(reference, platform, progress: progress)
        guard let image = try present(reference) else { throw GantryError.notFound("No such image: \(reference.familiar)") }
        return base(image)
    }

    private func fetchBase(
        _ reference: Reference, _ platform: Platform, progress: @escaping @Sendable (String, Int64?, Int64?) -> Void
    ) async throws {
        let login = request.login(for: reference)
        try await images.pull(reference, allTags: false, platform: platform, credentials: login) { message in
            let text = [message.id.map { "\($0):" }, message.status ?? message.stream].compactMap { $0 }.joined(separator: " ")
            progress(text, message.current, message.total)
        }
    }

    /// What a registry says of an image; it is pulled when something is to stand on its layers or to read them. Nil for one that
    /// does not run on the platform: the pull finds the words for it.
    private func absentBase(_ reference: Reference, _ platform: Platform) async throws -> BaseImage? {
        let puller = ImagePuller(store: store, client: images.transfer.client, logger: context.logger)
        let source = try await puller.resolve(
            reference, platform: platform, credentials: RegistryCredentials(request.login(for: reference)))
        let config = try await source.repository.configuration(source.manifest.config).config
        guard Self.runs(config.platform, on: platform) else { return nil }
        let chains = Layer.chainIDs(config.rootfs.diffIDs)
        caches.addBase(reference, chains) { [self] progress in try await fetchBase(reference, platform, progress: progress) }
        return BaseImage(config: config, digest: source.manifest.config.digest, chainID: chains.last)
    }

    private func present(_ reference: Reference) throws -> Image? {
        do { return try store.image(reference.canonical) } catch let error as GantryError where error.kind == .notFound {
            return nil
        }
    }

    private static func runs(_ image: Platform, on wanted: Platform) -> Bool {
        image.os == wanted.os && image.architecture == wanted.architecture
            && (wanted.variant == nil || image.variant == nil || image.variant == wanted.variant)
    }

    private func base(_ image: Image) -> BaseImage { BaseImage(config: image.config, digest: image.id, chainID: image.topLayer) }

    func createImage(config: ImageConfig, chainID: Digest?, tags: [Reference]) async throws -> Digest {
        let store = store
        if let chainID { try await caches.bring(chainID) }
        let image = try await BlockingWork.run { try store.createImage(config: config) }
        guard image.topLayer == chainID else {
            throw GantryError.internal("the image's layers do not end in `\(chainID?.description ?? "nothing")`")
        }
        for tag in tags { try await images.tag(image.id.description, as: tag) }
        return image.id
    }

    // MARK: Layers

    func openReadOnly(chainID: Digest?) async throws -> OwnedDescriptor {
        let store = store
        if let chainID { try await caches.bring(chainID) }
        return try await BlockingWork.run {
            let names = try store.lowerNames(of: chainID)
            return try PrivateMounts.overlay(
                layersDirectory: store.layersDirectory, lower: names.isEmpty ? ["../empty"] : names, upper: nil, work: nil)
        }
    }

    func hasLayers(_ chainID: Digest) async throws -> Bool { try store.layer(chainID: chainID) != nil }

    func beginStep(parent: Digest?) async throws -> StepWorkspace {
        if let parent { try await caches.bring(parent) }
        let id = Identifier.random()
        // Written first: what a killed daemon leaves is found by it.
        try FileSystem.replace("\(directory.stepsPath)/\(id)", with: "")
        let store = store
        _ = try await BlockingWork.run { try store.prepareSnapshot(id: id, parent: parent) }
        return StepWorkspace(id: id)
    }

    func snapshot(_ workspace: StepWorkspace) throws -> Snapshot {
        guard let snapshot = try store.snapshot(id: workspace.id) else {
            throw GantryError.internal("workspace `\(workspace.id)` is gone")
        }
        return snapshot
    }

    func openWritable(_ workspace: StepWorkspace) async throws -> OwnedDescriptor {
        let snapshot = try snapshot(workspace)
        let lower = context.lowerNames(snapshot)
        return try await BlockingWork.run {
            // Without layers below, the directory itself is the view, and can be bound for a process later.
            if snapshot.lowerNames.isEmpty { return try OwnedDescriptor.open(snapshot.upper, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) }
            let root = try PrivateMounts.overlay(
                layersDirectory: snapshot.layersDirectory, lower: lower, upper: snapshot.upper, work: snapshot.work)
            // The mount's own descriptor only names the directory: its time and owner cannot be changed through it.
            return try root.openInRoot("/", O_RDONLY | O_DIRECTORY)
        }
    }

    func commit(_ workspace: StepWorkspace, notLaterThan limit: Int64?) async throws -> StepLayer {
        let store = store
        let upper = try snapshot(workspace).upper
        let layer = try await BlockingWork.run {
            if let limit { try TimeClamp(limit: limit).apply(below: upper) }
            return try store.commitSnapshot(id: workspace.id)
        }
        try FileSystem.remove("\(directory.stepsPath)/\(workspace.id)")
        return StepLayer(chainID: layer.chainID, diffID: layer.diffID, size: layer.size)
    }

    func discard(_ workspace: StepWorkspace) async {
        do {
            let store = store
            try await BlockingWork.run { try store.removeSnapshot(id: workspace.id) }
            try FileSystem.remove("\(directory.stepsPath)/\(workspace.id)")
        } catch {
            context.logger.warning(
                "a build step's files remain until the next start", metadata: ["step": "\(workspace.id)", "error": "\(error)"])
        }
    }
}

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
    let held: HeldMounts
    let agents: [String: OwnedDescriptor]
    let images: ImageService
    /// Has layers that are not here yet.
    let caches: BuildCaches
    /// What went into the build, for its provenance.
    let materials = Mutex<[BuildMaterial]>([])
    /// The images that it stands on.
    let bases = Mutex<[Reference: Digest]>([:])
    /// Held until the build has ended: its layers have no image yet.
    private let lease: Lease
    /// Mounts for reading, the latest first.
    private let views = Mutex<[(chainID: Digest?, root: OwnedDescriptor)]>([])

    init(
        context: EngineContext, images: ImageService, request: ImageBuildRequest, directory: BuildDirectory, mounts: BuildMounts,
        held: HeldMounts, agents: [String: OwnedDescriptor], caches: BuildCaches
    ) {
        self.caches = caches
        self.held = held
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
        if !pull, let image = try present(reference, platform) { return base(image, reference) }
        // With results of other machines at hand the layers may never be needed.
        if !request.cacheSources.isEmpty, let base = try await absentBase(reference, platform) { return base }
        return base(try await fetchBase(reference, platform, progress: progress), reference)
    }

    private func fetchBase(
        _ reference: Reference, _ platform: Platform, progress: @escaping @Sendable (String, Int64?, Int64?) -> Void
    ) async throws -> Image {
        let login = request.login(for: reference)
        let tell: ProgressSink = { message in
            let text = [message.id.map { "\($0):" }, message.status ?? message.stream].compactMap { $0 }.joined(separator: " ")
            progress(text, message.current, message.total)
        }
        guard Platform.host.runs(platform) else { return try await foreign(reference, platform, login, tell) }
        try await images.transfer.pull(reference, allTags: false, platform: platform, credentials: login, progress: tell)
        guard let image = try named(reference) else { throw GantryError.notFound("No such image: \(reference.familiar)") }
        return image
    }

    /// What a registry says of an image; it is pulled when something is to stand on its layers or to read them. Nil for one that
    /// does not run on the platform: the pull finds the words for it.
    private func absentBase(_ reference: Reference, _ platform: Platform) async throws -> BaseImage? {
        let puller = ImagePuller(store: store, client: images.transfer.client, logger: context.logger)
        let source = try await puller.resolve(
            reference, platform: platform, credentials: RegistryCredentials(request.login(for: reference)))
        let config = try await source.repository.configuration(source.manifest.config).config
        guard platform.runs(config.platform) else { return nil }
        let chains = Layer.chainIDs(config.rootfs.diffIDs)
        caches.addBase(reference, chains) { [self] progress in
            _ = try await fetchBase(reference, platform, progress: progress)
        }
        let id = source.manifest.config.digest
        let uri = PackageURL.image(reference, platform: config.platform)
        materials.withLock {
            $0.append(BuildMaterial(uri: uri, algorithm: source.digest.algorithm, digest: source.digest.hex))
        }
        bases.withLock { $0[reference] = id }
        return BaseImage(config: config, digest: id, chainID: chains.last)
    }

    /// The image of another platform. Where no registry has it, an image of that name for the host's platform is the reason.
    private func foreign(
        _ reference: Reference, _ platform: Platform, _ login: RegistryLogin?, _ progress: @escaping ProgressSink
    ) async throws -> Image {
        do {
            return try await images.transfer.pullForeign(reference, platform: platform, credentials: login, progress: progress)
        } catch let error as GantryError where error.kind == .unavailable || error.kind == .notFound || error.kind == .denied {
            guard let local = try named(reference), try present(reference, platform) == nil else { throw error }
            throw GantryError.notFound(
                "image with reference \(reference.familiar) was found but does not match the specified platform: wanted \(platform.text), actual: \(local.config.platform.text)",
                cause: error)
        }
    }

    /// The image of a name for a platform, where it is here.
    private func present(_ reference: Reference, _ platform: Platform) throws -> Image? {
        if let image = try named(reference), platform.runs(image.config.platform) { return image }
        return try store.list(named: reference)?.image(for: platform).flatMap { try store.image(id: $0) }
    }

    private func named(_ reference: Reference) throws -> Image? {
        do { return try store.image(reference.canonical) } catch let error as GantryError where error.kind == .notFound {
            return nil
        }
    }

    private func base(_ image: Image, _ reference: Reference) -> BaseImage {
        materials.withLock { $0.append(.image(reference, image)) }
        bases.withLock { $0[reference] = image.id }
        return BaseImage(config: image.config, digest: image.id, chainID: image.topLayer)
    }

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
        if let view = views.withLock({ $0.first { $0.chainID == chainID }?.root }) { return view }
        let store = store
        if let chainID { try await caches.bring(chainID) }
        let root = try await BlockingWork.run {
            let names = try store.lowerNames(of: chainID)
            return try PrivateMounts.overlay(
                layersDirectory: store.layersDirectory, lower: names.isEmpty ? ["../empty"] : names, upper: nil, work: nil)
        }
        // A step looks into the layers below it several times.
        views.withLock { $0 = [(chainID, root)] + $0.prefix(1) }
        return root
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

    func openUpper(_ workspace: StepWorkspace) async throws -> OwnedDescriptor {
        try OwnedDescriptor.open(try snapshot(workspace).upper, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    }

    func openLayer(_ chainID: Digest) async throws -> OwnedDescriptor? { try store.openLayer(chainID: chainID) }

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

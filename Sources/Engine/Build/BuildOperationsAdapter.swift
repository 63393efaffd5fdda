import Archive
import BuildGraph
import Builder
import CLinux
import Essentials
import Images
import LinuxSystem
import Logging
import OCI
import Synchronization

/// Builds for the engine's clients: brings the context to disk, runs the builder, keeps and prunes its cache.
final class BuildOperationsAdapter: BuildOperations {
    let context: EngineContext
    let images: ImageService
    let cache: StepCache
    /// The directories of `--mount=type=cache`.
    let mounts: BuildMounts
    /// Builds that can be cancelled by name.
    private let running = Mutex<[String: Task<Digest?, any Error>]>([:])
    /// What builds have read of files, for the builds after them.
    private let hashes = ContentHashes()
    let history: BuildHistory
    let collection = CollectionPace()

    /// Removes what an earlier daemon's builds left, and keeps the cache's layers from being collected.
    init(context: EngineContext, images: ImageService) throws {
        self.context = context
        self.images = images
        let cache = StepCache(database: context.database)
        self.cache = cache
        history = try BuildHistory(database: context.database)
        mounts = try BuildMounts(database: context.database, dataRoot: context.configuration.dataRoot)
        context.imageStore.setRetained { Set(try cache.chainIDs().map { try Digest($0) }) }
        try BuildDirectory.removeLeftovers(context: context)
    }

    func build(
        _ request: ImageBuildRequest, context stream: ByteStream, events: @escaping @Sendable (BuildEvent) async throws -> Void
    ) async throws -> Digest? {
        guard request.options.call == .build else { return try await start(request, stream, events) }
        let recorder = try BuildRecorder(history, name: request.tags.first?.familiar ?? "")
        do {
            let id = try await start(request, stream) { event in
                recorder.take(event)
                try await events(event)
            }
            try recorder.end(nil)
            return id
        } catch {
            try recorder.end(error)
            throw error
        }
    }

    private func start(
        _ request: ImageBuildRequest, _ stream: ByteStream, _ events: @escaping @Sendable (BuildEvent) async throws -> Void
    ) async throws -> Digest? {
        // Named so that `cancel` finds it; ends with this call in any case.
        let task = Task { try await self.run(request, stream, events) }
        if !request.buildID.isEmpty { running.withLock { $0[request.buildID] = task } }
        defer { if !request.buildID.isEmpty { running.withLock { $0[request.buildID] = nil } } }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    func cancel(_ buildID: String) async throws {
        guard let task = running.withLock({ $0[buildID] }) else { throw GantryError.notFound("no build with id `\(buildID)`") }
        task.cancel()
    }

    func builds() async throws -> [BuildHistoryEntry] { try history.list() }

    func build(_ id: String) async throws -> (entry: BuildHistoryEntry, log: String) {
        let entry = try history.find(id)
        return (entry, try history.log(entry.id))
    }

    func layers(of name: String) async throws -> LayerReport {
        let store = context.imageStore
        let image = try store.image(name)
        return try await BlockingWork.run { try LayerReport(image, in: store) }
    }

    func exportLayers(_ chainID: Digest?, to sink: ByteSink) async throws {
        let store = context.imageStore
        if let chainID, try store.layer(chainID: chainID) == nil { throw GantryError.notFound("no layers `\(chainID)`") }
        try await BlockingWork.writing(to: sink) { write in
            let names = try store.lowerNames(of: chainID)
            let root = try PrivateMounts.overlay(
                layersDirectory: store.layersDirectory, lower: names.isEmpty ? ["../empty"] : names, upper: nil, work: nil,
                readOnly: true)
            let writer = TarWriter { try write(Array($0)) }
            try TarPacker(root: root, writer: writer).pack("/", as: .contents)
            try writer.finish()
        }
    }

    private func run(
        _ request: ImageBuildRequest, _ stream: ByteStream, _ events: @escaping @Sendable (BuildEvent) async throws -> Void
    ) async throws -> Digest? {
        let directory = try BuildDirectory(dataRoot: context.configuration.dataRoot)
        // Removing many files can take longer than the build; nobody waits for it, and the next start does what is left.
        defer {
            let logger = context.logger
            Task.detached { try await BlockingWork.run { directory.remove(logger: logger) } }
        }
        let id: Digest?
        do { id = try await run(request, stream, in: directory, events) } catch {
            try await cleanUp(after: request)
            if error is CancellationError { throw GantryError(.cancelled, "build canceled") }
            throw error
        }
        try await cleanUp(after: request)
        // Nobody waits for it; a daemon that ends meanwhile does the rest after its next build.
        Task.detached { await self.collectCache() }
        return id
    }

    /// The builder and what it holds end with this call.
    private func run(
        _ request: ImageBuildRequest, _ stream: ByteStream, in directory: BuildDirectory,
        _ events: @escaping @Sendable (BuildEvent) async throws -> Void
    ) async throws -> Digest? {
        let inputs = try await BuildInputs.prepare(request, stream, directory, adapter: self)
        var options = request.options
        options.contexts = inputs.contexts
        let caches = BuildCaches(context: context, transfer: images.transfer, request: request)
        let worker = EngineBuildWorker(
            context: context, images: images, request: request, directory: directory, mounts: mounts, agents: inputs.agents,
            caches: caches)
        let builder = ImageBuilder(
            worker: worker, cache: cache, exchange: caches, hashes: hashes, options: options, context: inputs.context,
            dockerfile: inputs.dockerfile, events: events)
        return try await builder.build(tags: request.tags)
    }

    /// Blobs that only the exchange of a cache needed, and fetched layers that no result stands on.
    private func cleanUp(after request: ImageBuildRequest) async throws {
        guard !request.cacheSources.isEmpty || !request.cacheTargets.isEmpty else { return }
        try await BlockingWork.run { [store = context.imageStore] in try store.collectGarbage() }
    }
}

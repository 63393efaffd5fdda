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
    /// Equal steps of builds that go on at the same time are done once.
    let turns = StepTurns()
    let results = BuildResults()
    /// The directories of `--mount=type=cache`.
    let mounts: BuildMounts
    /// What failed steps had beside their files.
    let held: HeldMounts
    /// Builds that can be cancelled by name.
    private let running = Mutex<[String: Task<Digest?, any Error>]>([:])
    /// What builds have read of files, for the builds after them.
    let hashes = ContentHashes()
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
        held = try HeldMounts(execRoot: context.configuration.execRoot)
        context.imageStore.setRetained { Set(try cache.chainIDs().map { try Digest($0) }) }
        try BuildDirectory.removeLeftovers(context: context)
    }

    func build(
        _ request: ImageBuildRequest, context stream: ByteStream, events: @escaping @Sendable (BuildEvent) async throws -> Void
    ) async throws -> Digest? {
        guard request.options.call == .build else { return try await start(request, stream, nil, events) }
        let recorder = try BuildRecorder(history, name: request.tags.first?.familiar ?? "")
        do {
            let id = try await start(request, stream, recorder) { event in
                // Not before there is something to tell: until then a failure has a status of its own.
                if recorder.isFirstEvent() { try await events(.recorded(recorder.id)) }
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
        _ request: ImageBuildRequest, _ stream: ByteStream, _ recorder: BuildRecorder?,
        _ events: @escaping @Sendable (BuildEvent) async throws -> Void
    ) async throws -> Digest? {
        // Named so that `cancel` finds it; ends with this call in any case.
        let telling = BuildTelling(events)
        let task = Task { try await self.run(request, stream, recorder) { try await telling.tell($0) } }
        if !request.buildID.isEmpty { running.withLock { $0[request.buildID] = task } }
        defer { if !request.buildID.isEmpty { running.withLock { $0[request.buildID] = nil } } }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            telling.end()
            task.cancel()
        }
    }

    func holdMounts(_ id: String, to sink: ByteSink) async throws {
        // A byte tells the client that it may go on.
        try await held.hold(id) { try await sink([10]) }
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

    func compare(_ image: String, with other: String) async throws -> ImageComparison {
        let store = context.imageStore
        let (old, new) = (try store.image(image), try store.image(other))
        return try await BlockingWork.run { try ImageComparison(old, new, in: store) }
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
}

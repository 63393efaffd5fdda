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
    private let locks = BuildLocks()
    /// Builds that can be cancelled by name.
    private let running = Mutex<[String: Task<Digest, any Error>]>([:])

    /// Removes what an earlier daemon's builds left, and keeps the cache's layers from being collected.
    init(context: EngineContext, images: ImageService) throws {
        self.context = context
        self.images = images
        let cache = StepCache(database: context.database)
        self.cache = cache
        context.imageStore.setRetained { Set(try cache.chainIDs().map { try Digest($0) }) }
        try BuildDirectory.removeLeftovers(context: context)
    }

    func build(
        _ request: ImageBuildRequest, context stream: ByteStream, events: @escaping @Sendable (BuildEvent) async throws -> Void
    ) async throws -> Digest {
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

    private func run(
        _ request: ImageBuildRequest, _ stream: ByteStream, _ events: @escaping @Sendable (BuildEvent) async throws -> Void
    ) async throws -> Digest {
        let directory = try BuildDirectory(dataRoot: context.configuration.dataRoot)
        // Removing many files can take longer than the build; nobody waits for it, and the next start does what is left.
        defer {
            let logger = context.logger
            Task.detached { try await BlockingWork.run { directory.remove(logger: logger) } }
        }
        let dockerfile = try await prepare(request, stream, directory)
        let (text, files) = try directory.read(dockerfile: dockerfile)
        let worker = EngineBuildWorker(context: context, images: images, request: request, directory: directory, locks: locks)
        let builder = ImageBuilder(
            worker: worker, cache: cache, options: request.options, context: files, dockerfile: text, events: events)
        let id: Digest
        do { id = try await builder.build(tags: request.tags) } catch is CancellationError {
            throw GantryError(.cancelled, "build canceled")
        }
        try removeStale()
        return id
    }

    /// Brings the context to disk.
    /// - Returns: the Dockerfile's path in it.
    private func prepare(_ request: ImageBuildRequest, _ stream: ByteStream, _ directory: BuildDirectory) async throws -> String {
        let name = request.dockerfile.isEmpty ? "Dockerfile" : request.dockerfile
        guard !request.remote.isEmpty, request.remote != "client-session" else {
            try await directory.unpack(stream)
            return name
        }
        guard request.remote.hasPrefix("http://") || request.remote.hasPrefix("https://"), !request.remote.hasSuffix(".git") else {
            throw GantryError.unsupported(
                "cannot build from `\(request.remote)`",
                hint: "clone the repository and build the directory, or give the URL of an archive")
        }
        let file = try await HTTPDownload.fetch(request.remote, into: directory.filesPath)
        try await BlockingWork.run { try directory.use(file.content, dockerfile: "Dockerfile") }
        return name
    }
}

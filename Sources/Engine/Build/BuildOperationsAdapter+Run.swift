import BuildGraph
import Builder
import Essentials
import FoundationEssentials
import Images
import LinuxSystem
import OCI
import Synchronization

extension BuildOperationsAdapter {
    /// Builds and gives the image's id; nil when none was asked for.
    func run(
        _ request: ImageBuildRequest, _ stream: ByteStream, _ recorder: BuildRecorder?,
        _ events: @escaping @Sendable (BuildEvent) async throws -> Void
    ) async throws -> Digest? {
        let directory = try BuildDirectory(dataRoot: context.configuration.dataRoot)
        // Removing many files can take longer than the build; nobody waits for it, and the next start does what is left.
        defer {
            let logger = context.logger
            Task.detached { try await BlockingWork.run { directory.remove(logger: logger) } }
        }
        let id: Digest?
        do { id = try await run(request, stream, in: directory, recorder, events) } catch {
            try await cleanUp(after: request)
            if error is CancellationError { throw GantryError(.cancelled, "build canceled") }
            throw error
        }
        try await cleanUp(after: request)
        // Nobody waits for it; a daemon that ends meanwhile does the rest after its next build.
        Task.detached { await self.collectCache() }
        return id
    }

    /// The builders and what they hold end with this call.
    private func run(
        _ request: ImageBuildRequest, _ stream: ByteStream, in directory: BuildDirectory, _ recorder: BuildRecorder?,
        _ events: @escaping @Sendable (BuildEvent) async throws -> Void
    ) async throws -> Digest? {
        let inputs = try await BuildInputs.prepare(request, stream, directory, adapter: self)
        let group = BuildGroup(turns: turns)
        @Sendable func builder(
            _ platform: Platform, _ events: @escaping @Sendable (BuildEvent) async throws -> Void
        ) -> (ImageBuilder, EngineBuildWorker) {
            var options = request.options
            options.contexts = inputs.contexts
            options.platform = platform
            let caches = BuildCaches(context: context, transfer: images.transfer, request: request)
            let worker = EngineBuildWorker(
                context: context, images: images, request: request, directory: directory, mounts: mounts, held: held,
                agents: inputs.agents,
                caches: caches)
            let builder = ImageBuilder(
                worker: worker, cache: cache, exchange: caches, hashes: hashes, options: options, context: inputs.context,
                dockerfile: inputs.dockerfile, group: group, events: events)
            return (builder, worker)
        }
        func note(_ platform: Platform, _ bases: [Reference: Digest]) {
            recorder?.note(BuildRecipe(request, dockerfile: inputs.dockerfile, platform: platform, bases: bases))
        }
        let platforms =
            request.platforms.isEmpty ? [request.options.platform ?? Platform.host.normalized] : request.platforms
        if request.isPlain || request.options.call != .build {
            let (builder, worker) = builder(platforms[0], events)
            let id = try await builder.build(tags: request.tags)
            note(platforms[0], worker.bases.withLock { $0 })
            return id
        }
        try checkCaches(request, platforms)
        let started = Timestamp.now()
        let outcomes = try await PlatformBuilds(platforms: platforms, make: { builder($0, $1) }, events: events).run()
        if let main = outcomes.first(where: { Platform.host.runs($0.platform) }) ?? outcomes.first {
            note(main.platform, main.bases)
        }
        let story = BuildStory(request: request, dockerfile: inputs.dockerfile, startedAt: started, fetched: inputs.fetched)
        return try await export(outcomes, request, story, started, events)
    }

    /// Each platform would put its cache in the place of the others'.
    private func checkCaches(_ request: ImageBuildRequest, _ platforms: [Platform]) throws {
        for target in request.cacheTargets where platforms.count > 1 {
            if case .inline = target.place { continue }
            throw GantryError.unsupported(
                "`--cache-to` other than `type=inline` is not offered for several platforms in one build",
                hint: "build one platform at a time, each with a `ref` or `dest` of its own")
        }
    }

    /// Blobs that only the exchange of a cache needed, and fetched layers that no result stands on.
    private func cleanUp(after request: ImageBuildRequest) async throws {
        guard !request.cacheSources.isEmpty || !request.cacheTargets.isEmpty else { return }
        try await BlockingWork.run { [store = context.imageStore] in try store.collectGarbage() }
    }

    /// Says what was asked for of the images, names them, and makes each form that was asked for ready.
    private func export(
        _ outcomes: [PlatformBuilds.Outcome], _ request: ImageBuildRequest, _ story: BuildStory, _ started: Timestamp,
        _ events: @escaping @Sendable (BuildEvent) async throws -> Void
    ) async throws -> Digest? {
        let store = context.imageStore
        // Holds compressed layers until the client has had time to come for them.
        let lease = store.pin()
        defer { withExtendedLifetime(lease) {} }
        var result = BuildResult(parts: [], isIndex: false)
        for outcome in outcomes {
            var part = BuildResult.Part(platform: outcome.platform, image: outcome.image, chainID: outcome.chainID)
            part.attestations = try await attestations(of: outcome, request.attestations, story)
            result.parts.append(part)
        }
        let asksForIndex = request.options.isSet("BUILDKIT_MULTI_PLATFORM")
        result.isIndex = outcomes.count > 1 || !request.attestations.isEmpty || asksForIndex
        let form = request.exports.first { $0.isForStore }?.form ?? ExportForm()
        try await name(result, form, request.tags)
        for (number, export) in request.exports.enumerated() {
            let entry = BuildResults.Entry(result: result, form: export.form, names: request.tags.map(\.withDefaultTag))
            let assembled = export.isTree ? nil : try await assemble(entry)
            if let digest = assembled?.root.descriptor.digest { try nameDigest(digest, export, entry) }
            try await events(
                .exported(
                    BuildExport(
                        number: number, resultID: results.add(entry), descriptor: assembled?.root.descriptor,
                        configDigest: assembled?.configDigest)))
        }
        guard let image = result.main?.image else { return nil }
        try await events(
            .imageWritten(image, milliseconds: (Timestamp.now().nanoseconds - started.nanoseconds) / 1_000_000))
        for tag in request.tags { try await events(.tagged(tag.withDefaultTag.familiar)) }
        return image
    }

    /// Gives the names to the image of the host's platform, and to the list where there is more than that.
    private func name(_ result: BuildResult, _ form: ExportForm, _ tags: [Reference]) async throws {
        guard let main = result.main?.image else { return }
        let names = tags.map(\.withDefaultTag)
        for tag in names {
            try await images.tag(main.description, as: tag)
            guard result.isIndex || !form.isPlain else { continue }
            let listed = ListedResult(result: result, form: form, names: names.map(\.canonical))
            let members = result.parts.compactMap { part in
                part.image.map { ImageList.Member(platform: part.platform, image: $0) }
            }
            let list = ImageList(members: members, main: main, details: Data(try ResultJSON.encode(listed)))
            try context.imageStore.setList(list, as: tag)
        }
    }

    private func nameDigest(_ digest: Digest, _ export: BuildExportRequest, _ entry: BuildResults.Entry) throws {
        guard let image = entry.result.main?.image else { return }
        if export.namesDigest {
            for name in entry.names { try context.imageStore.setRepoDigest(name, manifestDigest: digest, image: image) }
        }
        if entry.names.isEmpty, !export.danglingNamePrefix.isEmpty {
            let name = try Reference(export.danglingNamePrefix)
            try context.imageStore.setRepoDigest(name, manifestDigest: digest, image: image)
        }
    }
}

extension ImageBuildRequest {
    /// One image or tree, as it is.
    var isPlain: Bool { platforms.count < 2 && exports.isEmpty && attestations.isEmpty }
}

internal import BuildGraph
internal import Dockerfile
internal import Essentials
internal import LinuxSystem
internal import OCI

extension StageRunner {
    mutating func copy(_ copy: CopyArguments, _ step: Step) async throws -> Outcome {
        let source = try copy.from.map { try session.source($0, before: plan.stage.index) } ?? .context
        let rules = session.rules(source)
        var work = try work(copy, step)
        work.keepsOwners = !rules.isFromClient
        work.keepsParents = copy.keepsParents
        var sources: [String] = []
        for text in copy.sources { sources.append(try expand(text)) }
        if case .stage(let index) = source { state.sawInput(at: try await session.stage(index).newestInput) }
        let plain = ingredients(copy, work, sources)
        var shortcut: StepKey?
        // The layers that are copied from stand for their files, which need not be read then, nor be here.
        if let chain = try await session.chain(source, platform: plan.platform, step: step.id), case .build = session.options.call {
            let key = key(step, plain + [Ingredient(.parent, "source", chain)], isLinked: copy.isLinked)
            if let hit = try await find(key) {
                state.sawInput(at: hit.layer.createdAt.nanoseconds)
                return try await take(hit, key, nil, step, try history(copy, work, sources), isLinked: copy.isLinked)
            }
            shortcut = key
        }
        let root = try await session.root(source, platform: plan.platform, step: step.id)
        work.root = root
        var scanner = SourceScanner(root: root)
        scanner.ignored = rules.ignored
        scanner.excluded = try excludes(copy)
        let found = try await find(sources, scanner, copy, owners: !rules.isFromClient, step)
        work.sources = found.sources
        return try await finish(copy, work, sources, plain + found.ingredients, step, shortcut: shortcut)
    }

    mutating func add(_ add: CopyArguments, _ step: Step) async throws -> Outcome {
        let root = try await session.root(.context, platform: plan.platform, step: step.id)
        var work = try work(add, step)
        work.root = root
        work.unpacks = add.unpacks ?? true
        work.unpacksDownloads = add.unpacks ?? false
        var local: [String] = []
        var all: [String] = []
        var fetched: [Ingredient] = []
        for text in add.sources {
            let source = try expand(text)
            all.append(source)
            if let repository = try GitSource(source) {
                let files = try await gitFiles(repository, add)
                fetched.append(files.ingredient)
                work.repositories.append(files.repository)
            } else if Self.isRemote(source) {
                let download = try await download(source, add, work.destination, step)
                fetched.append(download.ingredient)
                work.downloads.append(download.file)
            } else {
                local.append(source)
            }
        }
        if add.checksum != nil, work.downloads.isEmpty, work.repositories.isEmpty {
            throw GantryError.invalid("checksum can't be specified for non-HTTP(S) sources")
        }
        var scanner = SourceScanner(root: root, ignored: session.context.ignored)
        scanner.excluded = try excludes(add)
        let found = try await find(local, scanner, add, owners: false, step)
        work.sources = found.sources
        let ingredients = ingredients(add, work, all) + fetched + found.ingredients
        return try await finish(add, work, all, ingredients, step)
    }

    private mutating func finish(
        _ copy: CopyArguments, _ work: CopyWork, _ sources: [String], _ ingredients: [Ingredient], _ step: Step,
        shortcut: StepKey? = nil
    ) async throws -> Outcome {
        let times = work.sources.flatMap { $0.matches.map(\.node.newestTime) } + work.downloads.compactMap(\.modifiedAt)
        state.sawInput(at: times.max())
        let history = try history(copy, work, sources)
        let worker = session.worker
        let parent = state.chainID
        let (hasher, timeLimit, cache, place) = (session.hasher, state.timeLimit(session), session.cache, place(of: step))
        // `--link` makes a layer that knows nothing of what is below it.
        return try await layer(step, ingredients, history: history, isLinked: copy.isLinked, shortcut: shortcut) { workspace in
            var work = work
            if copy.isLinked, work.owner != nil { work.accounts = try await worker.openReadOnly(chainID: parent) }
            for index in work.repositories.indices { try await work.repositories[index].fetch(worker) }
            let root = try await worker.openWritable(workspace)
            var upper = UpperTree(root: try await worker.openUpper(workspace), hasher: hasher, timeLimit: timeLimit)
            // What this step made the last time, to share files with.
            if let earlier = try cache.relatives(of: place, description: step.instruction.text, limit: 1).first {
                upper.earlier = try await worker.openLayer(try OCI.Digest(earlier.chainID))
            }
            try await BlockingWork.cancellable { [work, upper] checkpoint in
                try work.perform(in: root, upper: upper, checkpoint: checkpoint)
            }
        }
    }

    /// What does not depend on the sources.
    private func work(_ copy: CopyArguments, _ step: Step) throws -> CopyWork {
        let destination = try expand(copy.destination)
        guard !destination.isEmpty else { throw GantryError.invalid("\(step.instruction.keyword) needs a destination") }
        var work = CopyWork(keyword: step.instruction.keyword, destination: absolute(destination))
        if copy.keepsParents, !work.destination.hasSuffix("/") { work.destination += "/" }
        work.owner = try copy.owner.map { try expand($0) }
        work.mode = try copy.mode.map { try FileMode(try expand($0)) }
        for document in copy.heredocs {
            let text = document.expands ? try session.expander.document(document.text) { state.variables[$0] } : document.text
            work.documents.append(CopyWork.Document(name: document.name, content: Array(text.utf8)))
        }
        return work
    }

    private func excludes(_ copy: CopyArguments) throws -> IgnoreFile {
        var patterns: [String] = []
        for text in copy.excludes { patterns.append(try expand(text)) }
        return try IgnoreFile(patterns: patterns)
    }

    private func find(
        _ sources: [String], _ scanner: SourceScanner, _ copy: CopyArguments, owners: Bool, _ step: Step
    ) async throws -> (sources: [(matches: [SourceScanner.Match], cut: Int)], ingredients: [Ingredient]) {
        let hasher = session.hasher
        let parents = copy.keepsParents
        do {
            return try await BlockingWork.cancellable { checkpoint in
                var found: [(matches: [SourceScanner.Match], cut: Int)] = []
                var ingredients: [Ingredient] = []
                for source in sources {
                    try checkpoint()
                    let cut = parents ? Self.cut(source) : 0
                    let matches = try scanner.matches(source, doubleStar: parents)
                    found.append((matches, cut))
                    for match in matches { ingredients += try hasher.ingredients(match, owners: owners) }
                }
                return (found, ingredients)
            }
        } catch let error as GantryError where error.kind == .notFound {
            let path = error.message.split(separator: "\"").dropFirst().first.map(String.init) ?? ""
            throw BuildFailure(
                error,
                classicMessage:
                    "\(step.instruction.keyword) failed: file not found in build context or excluded by .dockerignore: stat \(path.drop { $0 == "/" }): file does not exist"
            )
        }
    }

    /// Directories in front of `/./`, which `--parents` leaves away.
    private static func cut(_ source: String) -> Int {
        guard let range = source.firstRange(of: "/./") else { return 0 }
        return CleanPath.relative(String(source[..<range.lowerBound])).split(separator: "/").count
    }

    private func ingredients(_ copy: CopyArguments, _ work: CopyWork, _ sources: [String]) -> [Ingredient] {
        var result = [Ingredient(.instruction, work.keyword, "\(GoText.quotedList(sources)) to \(work.destination)")]
        if let owner = work.owner { result.append(Ingredient(.flag, "--chown", owner)) }
        if let mode = work.mode { result.append(Ingredient(.flag, "--chmod", "\(mode)")) }
        if copy.keepsParents { result.append(Ingredient(.flag, "--parents", "true")) }
        if !copy.excludes.isEmpty { result.append(Ingredient(.flag, "--exclude", copy.excludes.joined(separator: " "))) }
        if let unpacks = copy.unpacks { result.append(Ingredient(.flag, "--unpack", "\(unpacks)")) }
        for document in work.documents {
            result.append(Ingredient(.instruction, "<<\(document.name)", String(decoding: document.content, as: UTF8.self)))
        }
        return result
    }

    /// `COPY --chown=1:1 a b /dst/ # buildkit`.
    private func history(_ copy: CopyArguments, _ work: CopyWork, _ sources: [String]) throws -> String {
        var words = [work.keyword]
        if copy.keepsParents { words.append("--parents") }
        words += copy.excludes.map { "--exclude=\($0)" }
        if let owner = work.owner { words.append("--chown=\(owner)") }
        if let mode = copy.mode { words.append("--chmod=\(try expand(mode))") }
        words += sources
        words += work.documents.map { "<<\($0.name)" }
        words.append(try expand(copy.destination))
        return words.joined(separator: " ") + " # buildkit"
    }
}

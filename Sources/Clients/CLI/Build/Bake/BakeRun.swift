import DockerAPI
import EngineClient
import Essentials

/// Builds the targets of a plan at the same time, each as soon as those are done that it has as contexts.
struct BakeRun {
    let plan: BakePlan
    let session: Session
    let display: BakeDisplay

    /// What a target came to.
    struct Baked: Sendable {
        var image: String?
        var metadata: JSONValue
    }

    /// One build of each target, however many others stand on it.
    private actor Kitchen {
        private var tasks: [String: Task<Baked, any Error>] = [:]

        func task(_ name: String, _ make: @escaping @Sendable () async throws -> Baked) -> Task<Baked, any Error> {
            if let task = tasks[name] { return task }
            // Held here, cancelled by `close`.
            let task = Task { try await make() }
            tasks[name] = task
            return task
        }

        func close() async {
            for task in tasks.values { task.cancel() }
            for task in tasks.values { _ = await task.result }
        }
    }

    /// - Returns: by the names of the targets that were asked for.
    func perform() async throws -> [String: Baked] {
        let kitchen = Kitchen()
        let known = Set(try await session.client.images(all: true).map(\.id))
        let animation = Task { try await display.animate() }
        defer { animation.cancel() }
        var result: [String: Baked] = [:]
        var inner: Set<String> = []
        do {
            result = try await withThrowingTaskGroup(of: (String, Baked).self) { group in
                for name in plan.wanted { group.addTask { (name, try await bake(name, kitchen)) } }
                var result: [String: Baked] = [:]
                for try await (name, baked) in group { result[name] = baked }
                return result
            }
            for name in plan.targets.keys where !plan.wanted.contains(name) {
                if let image = try await bake(name, kitchen).image { inner.insert(image) }
            }
        } catch {
            await kitchen.close()
            animation.cancel()
            await display.close()
            throw error
        }
        animation.cancel()
        await display.close()
        // Images that were only contexts are not kept, unless they are something else too.
        for image in inner.subtracting(known).subtracting(result.values.compactMap(\.image)).sorted() {
            _ = try await session.client.removeImage(image, force: false, noPrune: false)
        }
        return result
    }

    private func bake(_ name: String, _ kitchen: Kitchen) async throws -> Baked {
        let task = await kitchen.task(name) { try await make(name, kitchen) }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    private func make(_ name: String, _ kitchen: Kitchen) async throws -> Baked {
        guard let target = plan.targets[name] else { throw GantryError.internal("target `\(name)` is not part of the plan") }
        let isWanted = plan.wanted.contains(name)
        let isContext = plan.targets.values.contains { BakePlan.dependencies($0).contains(name) }
        let words = BakeWords(target, isWanted: isWanted)
        guard case .run(let command) = try CommandParser.parse(BuildCommand.self, name: "gantry build", words.words),
            let command = command as? BuildCommand
        else { throw GantryError.internal("target `\(name)` is no build") }
        if let call = try command.call, call.kind != "build" {
            throw GantryError.unsupported("`call` of target `\(name)` is not offered by bake", hint: "use `gantry build --call`")
        }
        var job = try command.job(session)
        job.settings.dockerfileText = words.dockerfileText
        if isContext {
            guard (job.settings.additions.platforms ?? []).count < 2 else {
                throw GantryError.unsupported("target `\(name)` of several platforms cannot be a context of another")
            }
            job.settings.additions.discardsImage = nil
        }
        for (context, other) in words.targetContexts.sorted(by: { $0.key < $1.key }) {
            guard let image = try await bake(other, kitchen).image else {
                throw GantryError.internal("target `\(other)` gave no image")
            }
            let named = BuildAdditions.NamedContext(name: context, kind: .image, value: image)
            job.settings.additions.contexts = (job.settings.additions.contexts ?? []) + [named]
        }
        let number = plan.targets.keys.sorted().firstIndex(of: name) ?? 0
        let run = BuildRun(settings: job.settings, style: .quiet, session: session)
        let outcome = try await run.perform(showing: display, as: name, number: number)
        withExtendedLifetime(job.held) {}
        let result = BuildResult(job: job, outcome: outcome, session: session)
        try await result.deliver()
        return Baked(image: outcome.image, metadata: try result.metadata())
    }
}

extension BuildRun {
    /// Builds and tells a display that others use too.
    func perform(showing display: BakeDisplay, as target: String, number: Int) async throws -> Outcome {
        var own = BuildPresenter(style: .quiet)
        let (response, held) = try await send()
        defer { held.pipe?.close() }
        for try await line in response.lines(of: BuildLine.self) {
            switch line {
            case .event(let event):
                _ = own.apply(event, at: 0)
                try await display.take(event, of: target, number: number)
            case .message(let message):
                if let text = message.errorDetail?.message ?? message.error { throw GantryError(.unavailable, text) }
                if let text = message.stream { await display.say(text) }
            }
        }
        withExtendedLifetime(held.folder) {}
        if own.failure != nil { throw ExitStatus(1) }
        return try outcome(of: own)
    }
}

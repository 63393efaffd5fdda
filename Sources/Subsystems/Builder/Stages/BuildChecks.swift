internal import Dockerfile
internal import Essentials
internal import FoundationEssentials
internal import OCI
internal import Synchronization

/// The checks of one build's Dockerfile, and the answers to calls other than a build.
struct BuildChecks {
    let session: BuildSession

    /// JSON of what was asked for in place of a build; nil for a build.
    func report() async throws -> String? {
        switch session.options.call {
        case .build, .whatIf: return nil
        case .check:
            try await findBases()
            return try json(CheckReport(try warnings(), text: session.file.text, filename: session.file.name))
        case .outline:
            let plan = session.plan
            let target = DockerfileOutline.target(
                session.file.stages[plan.target], of: session.file, needing: Array(plan.stages.keys), given: session.globals.given)
            return try json(target)
        case .targets: return try json(DockerfileOutline.targets(session.file))
        }
    }

    /// `# check=error=true`: a warning ends the build before anything is done.
    func refuseWhereAsked() async throws {
        guard try checks().settings.failsBuild else { return }
        try await findBases()
        let found = try warnings()
        guard !found.isEmpty else { return }
        let names = Set(found.map(\.rule.rawValue)).sorted().joined(separator: ", ")
        var failure = BuildFailure(.invalid("lint violation found for rules: \(names)"))
        failure.range = found[0].range
        failure.excerpt = SourceExcerpt.render(session.file.text, name: session.file.name, range: found[0].range)
        throw failure
    }

    /// Says what was found, after the build.
    func tell(_ emit: (BuildEvent) -> Void) throws {
        for warning in try warnings() {
            emit(.warning("\(warning.rule.rawValue): \(warning.message) (line \(warning.range.first))"))
        }
    }

    private func warnings() throws -> [DockerfileWarning] {
        var checks = try checks()
        checks.file.warnings += session.warnings.withLock { $0 }
        checks.arguments = session.globals.given
        checks.ignored = session.context.ignored
        checks.baseVariables = session.baseVariables.withLock { $0 }
        return checks.warnings()
    }

    private func checks() throws -> DockerfileChecks {
        do throws(CheckSettings.ParseError) {
            return try DockerfileChecks(session.file, settings: session.globals.given["BUILDKIT_DOCKERFILE_CHECK"])
        } catch { throw BuildFailure(.invalid(error.description)) }
    }

    /// Asks for the base images that the target needs, for their variables.
    private func findBases() async throws {
        for plan in session.plan.stages.values.sorted(by: { $0.firstStep < $1.firstStep }) {
            switch plan.base {
            case .image, .local:
                var runner = StageRunner(session: session, plan: plan)
                try await runner.findBase()
            case .stage, .scratch, .context, .named: break
            }
        }
    }

    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

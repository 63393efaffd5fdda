import CLinux
import DockerAPI
import EngineClient
import Essentials
import LinuxSystem

/// Sends a build to the daemon and shows how it goes.
struct BuildRun {
    var settings: BuildSettings
    var style: BuildPresenter.Style
    let session: Session
    /// Standard output carries the result.
    var outputIsTaken = false

    /// Time between frames of the live view.
    private static let framePause = Duration.milliseconds(100)

    /// What the loop below reacts to.
    private enum Signal: Sendable {
        case line(BuildLine)
        case tick
    }

    /// What a build came to.
    struct Outcome {
        /// Nil when none was asked for.
        var image: String?
        /// Digest of the chain of layers.
        var layers: String?
        /// The answer to another call than a build.
        var report: String?
        /// Of the build in the daemon's history.
        var recordID: String?
        /// By their place among those asked for.
        var exports: [Int: BuildEventMessage.Export] = [:]
    }

    /// - Throws: ``ExitStatus`` 1 after a failed build, whose report is printed; ``GantryError`` when it did not begin.
    func perform() async throws -> Outcome {
        var presenter = BuildPresenter(style: style)
        let start = ContinuousClock.now
        let (response, held) = try await send()
        defer { held.pipe?.close() }
        try await show(response.lines(of: BuildLine.self), &presenter, since: start)
        session.console.errorText(presenter.warningReport)
        withExtendedLifetime(held.folder) {}
        let explanation = BuildExplanation(steps: presenter.progress.steps, imageID: presenter.imageID)
        switch settings.explanation {
        case .none: break
        case .text: explain(explanation.text)
        case .json: explain(try explanation.json())
        }
        if presenter.failure != nil {
            session.console.errorText(presenter.failureReport)
            if let (image, mounts, holder) = presenter.entrance {
                try await FailedStepShell(image: image, mounts: mounts, holder: holder, session: session).enter()
            }
            throw ExitStatus(1)
        }
        return try outcome(of: presenter)
    }

    /// What the build came to, once its last message was read.
    func outcome(of presenter: BuildPresenter) throws -> Outcome {
        guard presenter.imageID != nil || presenter.report != nil || settings.additions.discardsImage == true else {
            throw GantryError.unavailable("the daemon ended the build without a result", hint: "the daemon's log may say why")
        }
        return Outcome(
            image: presenter.imageID, layers: presenter.layers, report: presenter.report, recordID: presenter.recordID,
            exports: presenter.exports)
    }

    private func explain(_ text: String) {
        if outputIsTaken { session.console.errorText(text) } else { session.console.text(text) }
    }

    // MARK: Sending

    /// What must live as long as the build: the archive's way to the daemon, or the folder that the daemon reads through us.
    struct Held {
        var pipe: UploadPipe?
        var folder: OwnedDescriptor?
    }

    func send() async throws -> (EngineResponse, Held) {
        let logins = try session.logins().all()
        switch settings.source {
        case .remote:
            let query = try settings.query(dockerfile: settings.dockerfile ?? "Dockerfile")
            var additions = settings.additions
            additions.dockerfileText = settings.dockerfileText
            return (try await session.client.build(query: query, additions: additions, logins: logins), Held())
        case .directory(let path):
            if let text = settings.dockerfileText {
                return try await send(
                    try LocalContext(
                        directory: path, dockerfile: settings.dockerfile ?? "Dockerfile", text: text, rules: settings.ignoreRules),
                    logins)
            }
            let context = try LocalContext(directory: path, dockerfile: settings.dockerfile) {
                try InputStream.readStandard(upTo: 16 << 20)
            }
            return try await send(context, logins)
        case .standardInput:
            let (query, pipe) = try standardInput()
            let response = try await session.client.build(
                query: query, context: pipe.body, additions: settings.additions, logins: logins)
            return (response, Held(pipe: pipe))
        }
    }

    /// A daemon on this machine reads the folder itself, through a descriptor of ours; any other gets an archive of it.
    private func send(_ context: LocalContext, _ logins: [String: AuthConfig]) async throws -> (EngineResponse, Held) {
        var settings = settings
        settings.additions.contextPath = context.root
        if case .unix = session.client.address, geteuid() == 0, let folder = try? context.open() {
            var additions = settings.additions
            additions.processID = getpid()
            additions.contextDescriptor = try folder.described()
            additions.dockerfileText = context.outsideText
            additions.ignoreRules = context.outsideText == nil ? nil : context.outsideRules
            do {
                let response = try await session.client.build(
                    query: try settings.query(dockerfile: context.outsideText == nil ? context.dockerfile : "Dockerfile"),
                    additions: additions, logins: logins)
                return (response, Held(folder: folder))
            } catch let error as GantryError where Self.wantsArchive(error) {}
        }
        let pipe = context.upload()
        let response = try await session.client.build(
            query: try settings.query(dockerfile: context.dockerfile), context: pipe.body, additions: settings.additions,
            logins: logins)
        return (response, Held(pipe: pipe))
    }

    /// The daemon cannot take our descriptors, or is one that has never heard of them and misses the context.
    private static func wantsArchive(_ error: GantryError) -> Bool {
        guard let message = error.daemonMessage else { return false }
        return message.contains(BuildAdditions.descriptorsRefused) || message.contains("Cannot locate specified Dockerfile")
    }

    private func standardInput() throws -> (query: [(String, String)], context: UploadPipe) {
        guard settings.dockerfile != "-" else {
            throw GantryError.invalid("invalid argument: can't use stdin for both build context and dockerfile")
        }
        let header = try InputStream.readStandard(upTo: ContextStreamKind.headerSize)
        guard !header.isEmpty else { throw GantryError.invalid("unable to prepare context: standard input is empty") }
        if ContextStreamKind.detect(header) == .archive {
            return (try settings.query(dockerfile: settings.dockerfile ?? "Dockerfile"), try InputStream.standard(after: header))
        }
        guard settings.dockerfile == nil else {
            throw GantryError.invalid("ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles")
        }
        let text = header + (try InputStream.readStandard(upTo: 16 << 20))
        return (try settings.query(dockerfile: "Dockerfile"), LocalContext.upload(onlyDockerfile: text))
    }

    // MARK: Showing

    private func show(
        _ lines: JSONLines<BuildLine>, _ presenter: inout BuildPresenter, since start: ContinuousClock.Instant
    ) async throws {
        let (signals, continuation) = AsyncThrowingStream.makeStream(of: Signal.self)
        let reader = Task {
            do {
                for try await line in lines { continuation.yield(.line(line)) }
                continuation.finish()
            } catch { continuation.finish(throwing: error) }
        }
        let clock = Task {
            // Only the live view shows time passing.
            while style == .live {
                try await Task.sleep(for: Self.framePause)
                continuation.yield(.tick)
            }
        }
        defer {
            reader.cancel()
            clock.cancel()
        }
        var region = LiveRegion(colour: session.environment["NO_COLOR"].map(\.isEmpty) ?? true)
        do {
            for try await signal in signals {
                let now = (ContinuousClock.now - start) / .seconds(1)
                switch signal {
                case .line(let line): try take(line, &presenter, now: now)
                case .tick: draw(&region, presenter, now: now)
                }
            }
        } catch {
            settle(&region, presenter, since: start)
            throw error
        }
        session.console.errorText(presenter.close(at: (ContinuousClock.now - start) / .seconds(1)))
        settle(&region, presenter, since: start)
    }

    private func take(_ line: BuildLine, _ presenter: inout BuildPresenter, now: Double) throws {
        switch line {
        case .event(let event):
            if style == .rawJSON { session.console.writeError(try EngineJSON.line(event)) }
            session.console.errorText(presenter.apply(event, at: now))
        case .message(let message):
            if let text = message.errorDetail?.message ?? message.error { throw GantryError(.unavailable, text) }
            if style == .rawJSON { session.console.writeError(try EngineJSON.line(message)) }
            if style == .plain || style == .live, let text = message.stream { session.console.errorText(text) }
            if let id = message.aux?["ID"]?.string {
                var event = BuildEventMessage(.finished)
                event.digest = id
                _ = presenter.apply(event, at: now)
            }
        }
    }

    private func draw(_ region: inout LiveRegion, _ presenter: BuildPresenter, now: Double) {
        let size = Self.terminalSize
        session.console.errorText(region.frame(presenter.lines(now: now, columns: size.columns), size: size))
    }

    private func settle(_ region: inout LiveRegion, _ presenter: BuildPresenter, since start: ContinuousClock.Instant) {
        guard style == .live else { return }
        let size = Self.terminalSize
        let now = (ContinuousClock.now - start) / .seconds(1)
        session.console.errorText(region.settle(presenter.lines(now: now, columns: size.columns), size: size))
    }

    static var terminalSize: LiveRegion.Size {
        let size = TerminalSize.of(descriptor: 2)
        return LiveRegion.Size(columns: size.map { Int($0.columns) } ?? 80, rows: size.map { Int($0.rows) } ?? 24)
    }
}

import DockerAPI
import Essentials
import LinuxSystem

/// Shows several builds at once as one.
actor BakeDisplay {
    /// Room for the steps of one target in the numbers of all.
    private static let idsPerTarget = 10_000_000
    private static let framePause = Duration.milliseconds(100)

    private var presenter: BuildPresenter
    private let session: Session
    private let start = ContinuousClock.now
    private var region: LiveRegion
    private var totals: [Int: Int] = [:]

    init(style: BuildPresenter.Style, session: Session) {
        presenter = BuildPresenter(style: style)
        self.session = session
        region = LiveRegion(colour: session.environment["NO_COLOR"].map(\.isEmpty) ?? true)
    }

    private var now: Double { (ContinuousClock.now - start) / .seconds(1) }

    /// - Parameter number: of the target.
    func take(_ event: BuildEventMessage, of target: String, number: Int) throws {
        var event = event
        event.stepID = event.stepID.map { $0 + (number + 1) * Self.idsPerTarget }
        if event.kind == .stepStarted {
            let stage = event.stage.map { $0.hasPrefix("stage-") || $0.isEmpty ? "" : " \($0)" } ?? ""
            event.stage = target + stage
        }
        switch event.kind {
        case .plan:
            totals[number] = event.total ?? 0
            return presenter.expect(steps: totals.values.reduce(0, +))
        // Each target says so; all together are finished when they all are.
        case .finished, .layers, .recorded, .exported: return
        default: break
        }
        if presenter.style == .rawJSON { session.console.writeError(try EngineJSON.line(event)) }
        session.console.errorText(presenter.apply(event, at: now))
    }

    func say(_ text: String) { if presenter.style == .plain || presenter.style == .live { session.console.errorText(text) } }

    /// Draws the live view until it is cancelled.
    func animate() async throws {
        while presenter.style == .live {
            try await Task.sleep(for: Self.framePause)
            let size = BuildRun.terminalSize
            session.console.errorText(region.frame(presenter.lines(now: now, columns: size.columns), size: size))
        }
    }

    /// The last frame, and what failed.
    func close() {
        session.console.errorText(presenter.close(at: now))
        if presenter.style == .live {
            let size = BuildRun.terminalSize
            session.console.errorText(region.settle(presenter.lines(now: now, columns: size.columns), size: size))
        }
        session.console.errorText(presenter.warningReport)
        session.console.errorText(presenter.failureReport)
    }
}

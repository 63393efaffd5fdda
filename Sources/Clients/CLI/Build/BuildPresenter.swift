import DockerAPI
import OCI

/// Turns the messages of a build into what the user sees. Pure: messages in, text or lines out.
struct BuildPresenter {
    enum Style: String, Equatable { case plain, live, quiet, rawJSON }

    let style: Style
    private(set) var progress = BuildProgress()
    private var log = PlainBuildLog()
    /// The image that the build made, once it has ended well.
    private(set) var imageID: String?
    private(set) var failure: BuildEventMessage.Failure?
    private(set) var warnings: [String] = []
    private(set) var isFinished = false
    /// The answer to another call than a build.
    private(set) var report: String?
    /// An image of the state before the RUN that failed.
    private(set) var entrance: (image: String, mounts: [String], holder: String?)?
    /// Digest of the layers that the build ended with.
    private(set) var layers: String?
    /// Of the build in the daemon's history.
    private(set) var recordID: String?
    private(set) var exports: [Int: BuildEventMessage.Export] = [:]

    /// The id of the step that we add for the naming of the image; the builder's ids are not negative.
    private static let exportID = -1

    init(style: Style) { self.style = style }

    /// Takes in a message at `now` seconds after the build's start.
    /// - Returns: text for standard error in the plain style, empty in the others.
    mutating func apply(_ event: BuildEventMessage, at now: Double) -> String {
        switch event.kind {
        case .plan: restart(event)
        case .stepStarted: return begin(event, at: now)
        case .stepCached: return begin(event, at: now) + origin(event) + end(event, .cached, at: now)
        case .stepFinished: return begin(event, at: now) + end(event, .done, at: now)
        case .stepFailed: return begin(event, at: now) + end(event, .failed(event.error?.message ?? "failed"), at: now)
        case .explanation: return begin(event, at: now) + explain(event)
        case .output: return begin(event, at: now) + output(event, at: now)
        case .progress: return begin(event, at: now) + note(event)
        case .warning: warnings.append(event.text ?? "")
        case .report: report = (report ?? "") + (event.text ?? "")
        case .layers: layers = event.digest
        case .recorded: recordID = event.digest
        case .exported: return event.export.map { take($0, at: now) } ?? ""
        case .entrance: entrance = event.digest.map { ($0, event.mounts ?? [], event.holder) }
        case .tagged: return export("naming to \(Self.canonical(event.tag ?? ""))", at: now)
        case .finished:
            isFinished = true
            imageID = event.digest
            return export("writing image \(event.digest ?? "")", at: now)
        case .failed: failure = event.error ?? BuildEventMessage.Failure(message: "the build failed without saying why")
        }
        return ""
    }

    /// The steps are told; again when the build begins anew, without what was said of them.
    private mutating func restart(_ event: BuildEventMessage) {
        progress.forgetSteps()
        progress.expectedSteps = event.total
    }

    /// Where the result of a step was made, if not here.
    private mutating func origin(_ event: BuildEventMessage) -> String {
        guard let id = event.stepID, let origin = event.text else { return "" }
        progress.setOrigin(id, origin)
        guard style == .plain, let step = step(event) else { return "" }
        return log.note(step, origin)
    }

    /// How many steps there will be, where several builds are shown as one.
    mutating func expect(steps: Int) { progress.expectedSteps = steps }

    /// Ends the step that names the image, after the last message.
    mutating func close(at now: Double) -> String {
        guard progress.index(of: Self.exportID) != nil else { return "" }
        var own = BuildEventMessage(.stepFinished)
        own.stepID = Self.exportID
        return end(own, .done, at: now)
    }

    /// The lines of the live view.
    func lines(now: Double, columns: Int) -> [LiveLine] {
        progress.liveLines(now: now, finished: isFinished || failure != nil, columns: columns)
    }

    /// What is printed after a failed build: the command's last output, the place in the Dockerfile and the message.
    var failureReport: String {
        guard let failure else { return "" }
        var report = ""
        if style != .quiet, let step = progress.failedStep {
            report += "------\n > \(step.name):\n"
            report += step.output.suffix(50).map { $0.timed + "\n" }.joined()
            report += "------\n"
        }
        if let excerpt = failure.excerpt, !excerpt.isEmpty { report += excerpt.hasSuffix("\n") ? excerpt : excerpt + "\n" }
        report += "ERROR: failed to solve: \(failure.message)\n"
        if let hint = failure.hint { report += "\nhint: \(hint)\n" }
        return report
    }

    /// The advice of the checks, below everything else.
    var warningReport: String {
        guard !warnings.isEmpty, style == .plain || style == .live else { return "" }
        let count = warnings.count == 1 ? "1 warning" : "\(warnings.count) warnings"
        return "\n \(count) found:\n" + warnings.map { " - \($0)\n" }.joined()
    }

    // MARK: Messages

    private func step(_ event: BuildEventMessage) -> BuildProgress.Step? {
        event.stepID.flatMap { progress.index(of: $0) }.map { progress.steps[$0] }
    }

    /// The first message about a step makes it known, whatever the message is.
    private mutating func begin(_ event: BuildEventMessage, at now: Double) -> String {
        guard let id = event.stepID, progress.index(of: id) == nil else { return "" }
        progress.begin(id, name: Self.title(event), at: now)
        guard style == .plain, let step = step(event) else { return "" }
        return log.begin(step)
    }

    /// `[build 2/4] RUN make`, without the stage where there is only one.
    static func title(_ event: BuildEventMessage) -> String {
        let name = event.name ?? "step \((event.stepID ?? 0) + 1)"
        guard let index = event.index, let total = event.total else {
            return event.stage.map { "[\($0)] \(name)" } ?? name
        }
        // Stages without a name of their own are called `stage-0`, which tells nothing.
        let stage = event.stage.map { $0.isEmpty || $0.hasPrefix("stage-") ? "" : "\($0) " } ?? ""
        return "[\(stage)\(index)/\(total)] \(name)"
    }

    private mutating func end(_ event: BuildEventMessage, _ state: BuildProgress.Step.State, at now: Double) -> String {
        guard let id = event.stepID else { return "" }
        let rest = progress.end(id, state, duration: event.durationMs.map { Double($0) / 1000 }, at: now)
        guard style == .plain, let step = step(event) else { return "" }
        return log.output(step, rest) + log.end(step)
    }

    private mutating func explain(_ event: BuildEventMessage) -> String {
        guard let id = event.stepID, let text = event.text else { return "" }
        if let cause = event.cause { progress.addCause(id, cause) }
        let reasons = text.split(separator: "\n").map(String.init)
        for reason in reasons { progress.addReason(id, reason) }
        guard style == .plain, let step = step(event) else { return "" }
        return reasons.map { log.reason(step, $0) }.joined()
    }

    private mutating func output(_ event: BuildEventMessage, at now: Double) -> String {
        guard let id = event.stepID, let text = event.text else { return "" }
        let lines = progress.addOutput(id, text, at: now)
        guard style == .plain, let step = step(event) else { return "" }
        return log.output(step, lines)
    }

    private mutating func note(_ event: BuildEventMessage) -> String {
        guard let id = event.stepID, let text = event.text else { return "" }
        let note = BuildProgress.Note(text: text, current: event.current ?? 0, total: event.totalBytes ?? 0)
        guard progress.setNote(id, note), style == .plain, let step = step(event) else { return "" }
        return log.note(step, note.line)
    }

    /// `docker.io/library/x:1` of `x:1`.
    private static func canonical(_ name: String) -> String { (try? Reference(name))?.canonical ?? name }

    private mutating func take(_ made: BuildEventMessage.Export, at now: Double) -> String {
        exports[made.number] = made
        guard let descriptor = made.descriptor else { return "" }
        let isList = descriptor.mediaType.contains("index") || descriptor.mediaType.contains("list")
        return export("exporting \(isList ? "manifest list" : "manifest") \(descriptor.digest)", at: now)
    }

    /// A line of the step that we add for what happens to the image in the end.
    private mutating func export(_ line: String, at now: Double) -> String {
        var own = BuildEventMessage(.progress)
        own.stepID = Self.exportID
        own.name = "exporting to image"
        own.text = line
        return begin(own, at: now) + note(own)
    }
}

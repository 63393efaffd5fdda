extension BuildProgress {
    /// Output lines shown below a running step.
    static let outputShown = 6

    /// The live view at `now` seconds after the build's start.
    func liveLines(now: Double, finished: Bool, columns: Int) -> [LiveLine] {
        let ended = steps.filter { $0.state != .running }.count
        let total = max(expectedSteps ?? 0, steps.count)
        var head = "[+] Building \(Self.seconds(now))s (\(ended)/\(total))"
        if finished { head += failedStep == nil ? " FINISHED" : " FAILED" }
        var lines = [LiveLine(head)]
        for step in steps { lines += Self.liveLines(step, now: now, columns: columns) }
        return lines
    }

    /// The step that failed last: a cache that could not be read fails without the build.
    var failedStep: Step? {
        steps.last { if case .failed = $0.state { true } else { false } }
    }

    private static func liveLines(_ step: Step, now: Double, columns: Int) -> [LiveLine] {
        let time = seconds(step.duration ?? max(0, now - step.startedAt)) + "s"
        var lines: [LiveLine] = []
        switch step.state {
        case .running: lines.append(LiveLine(row(" => \(step.name)", time, columns)))
        case .done: lines.append(LiveLine(row(" => \(step.name)", time, columns), .done))
        case .cached: lines.append(LiveLine(row(" => CACHED \(step.name)", time, columns), .done))
        case .failed: lines.append(LiveLine(row(" => ERROR \(step.name)", time, columns), .failed))
        }
        lines += step.reasons.map { LiveLine(" => => rebuilt because: \($0)", .note) }
        lines += step.notes.map { LiveLine(" => => \($0.line)", step.state == .running ? .plain : .done) }
        if step.state == .running {
            var tail = step.output.suffix(outputShown).map(\.text)
            if !step.unfinished.isEmpty { tail = tail.suffix(outputShown - 1) + [visible(step.unfinished)] }
            lines += tail.map { LiveLine(" => => # \($0)") }
        }
        return lines
    }

    /// `left` and, at the right edge, `right`.
    private static func row(_ left: String, _ right: String, _ columns: Int) -> String {
        let room = max(10, columns - right.count - 1)
        let text = LiveLine.clip(left, to: room)
        return text + String(repeating: " ", count: max(1, columns - LiveLine.columns(text) - right.count)) + right
    }
}

import Essentials

/// Makes the answer to "why is this container as it is" from its record. Pure; says nothing that was not recorded.
struct WhyReport {
    let record: ContainerRecord
    let now: Timestamp

    func make() -> ContainerWhy {
        let history = record.history ?? EndHistory()
        var why = ContainerWhy(summary: "", facts: [], advice: [], ends: history.ends.reversed())
        switch record.phase {
        case .running, .paused: running(&why)
        case .restarting: restarting(&why)
        case .created where history.ends.isEmpty: why.summary = "created and never started"
        case .removing: why.summary = "being removed"
        case .dead: why.summary = "could not be removed completely; `gantry rm` tries again"
        case .created, .exited: ended(&why)
        }
        return why
    }

    // MARK: By state

    private func running(_ why: inout ContainerWhy) {
        let word = if case .paused = record.phase { "paused" } else { "running" }
        let since = record.run.startedAt.map { ", started \(span($0, now)) ago" } ?? ""
        why.summary = word + since
        if case .paused = record.phase { why.facts.append("its processes are frozen until `gantry unpause`") }
        health(&why)
        guard record.restartCount > 0, let last = why.ends.first else { return }
        why.summary += ", after \(times(record.restartCount, "restart"))"
        why.facts.append("the run before: " + EndSentence(last).text)
        why.facts += EndSentence(last).details
        why.advice += EndSentence(last).advice
    }

    private func restarting(_ why: inout ContainerWhy) {
        let policy = record.settings.host.restartPolicy
        why.summary =
            "keeps ending: waits to be started again (policy \(policy.name.rawValue), \(times(record.restartCount, "restart")) so far)"
        guard let last = why.ends.first else { return }
        why.facts.append("last run: " + EndSentence(last).text)
        why.facts += EndSentence(last).details
        if let delay = last.restartDelay {
            why.nextStartAt = Timestamp(nanoseconds: last.finishedAt.nanoseconds + delay * 1_000_000)
            why.facts.append("the delay before the next start is \(milliseconds(delay))")
        }
        why.advice += EndSentence(last).advice
        why.advice.append("`gantry logs \(record.name)` shows what it printed; `gantry stop \(record.name)` ends the restarts")
    }

    private func ended(_ why: inout ContainerWhy) {
        guard let last = why.ends.first else {
            why.summary = "exited with code \(record.run.exitCode); how was not recorded"
            return
        }
        let sentence = EndSentence(last)
        why.summary = sentence.text
        why.facts += sentence.details
        why.advice += sentence.advice
        policy(last, &why)
        if last.cause != .startFailed, !(last.request?.meansEnd ?? false) { health(&why) }
    }

    /// Why the policy did not start it again.
    private func policy(_ last: ContainerEnd, _ why: inout ContainerWhy) {
        let policy = record.settings.host.restartPolicy
        switch policy.name {
        case .no: return
        case _ where last.cause == .startFailed: why.facts.append("a failed start is not tried again by the restart policy")
        case _ where record.stoppedByUser:
            why.facts.append("the restart policy \(policy.name.rawValue) leaves a container alone that a client stopped")
        case .onFailure where last.exitCode == 0: why.facts.append("the restart policy on-failure does not restart after code 0")
        case .onFailure where policy.maximumRetryCount > 0 && record.restartCount >= policy.maximumRetryCount:
            why.facts.append("the restart policy gave up after \(times(policy.maximumRetryCount, "restart"))")
        default: return
        }
    }

    private func health(_ why: inout ContainerWhy) {
        guard let health = record.health, health.status == .unhealthy, let last = health.log.last else { return }
        why.summary += " (unhealthy)"
        why.facts.append("\(times(health.failingStreak, "health check")) in a row failed")
        for probe in health.log.suffix(3) {
            let output = probe.output.split(separator: "\n").first.map { ": \($0.prefix(200))" } ?? ""
            why.facts.append("check \(span(probe.startedAt, now)) ago, exit code \(probe.exitCode)\(output)")
        }
        if last.exitCode == -1, last.output.hasPrefix("Health check exceeded timeout") {
            why.advice.append("the check takes longer than its timeout: raise --health-timeout, or make it cheaper")
        }
    }

    // MARK: Words

    private func times(_ count: Int, _ word: String) -> String { "\(count) \(word)\(count == 1 ? "" : "s")" }
    private func milliseconds(_ value: Int64) -> String { EndSentence.span(value * 1_000_000) }
    private func span(_ from: Timestamp, _ to: Timestamp) -> String { EndSentence.span(to.nanoseconds - from.nanoseconds) }
}

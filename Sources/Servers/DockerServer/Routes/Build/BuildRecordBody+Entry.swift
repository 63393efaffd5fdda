internal import DockerAPI
internal import Engine
internal import Essentials

extension BuildRecordBody {
    init(_ entry: BuildHistoryEntry) {
        self.init(id: entry.id, name: entry.name, startedAt: entry.startedAt.rfc3339)
        status = entry.status.rawValue
        durationMs = entry.durationMs
        image = entry.image
        error = entry.error
        steps = entry.steps.map { step in
            var body = Step(id: step.id, name: step.name, stage: step.stage, startedMs: step.startedMs)
            body.endedMs = step.endedMs
            body.state = step.state.rawValue
            body.reasons = step.reasons
            return body
        }
    }
}

internal import DockerAPI
internal import Engine
internal import Essentials

extension WhyBody {
    init(_ why: ContainerWhy) {
        self.init()
        summary = why.summary
        cause = why.ends.first?.cause.rawValue ?? ""
        facts = why.facts
        advice = why.advice
        ends = why.ends.map(EndBody.init)
        nextStartAt = why.nextStartAt?.rfc3339
    }
}

extension EndBody {
    init(_ end: ContainerEnd) {
        self.init()
        cause = end.cause.rawValue
        startedAt = end.startedAt?.rfc3339
        finishedAt = end.finishedAt.rfc3339
        exitCode = Int(end.exitCode)
        signal = end.signal.map(SignalNumber.name)
        oomKilled = end.outOfMemory
        memoryLimit = end.memoryLimit
        memoryPeak = end.memoryPeak
        request = end.request.map(Request.init)
        failure = end.failure.map(Failure.init)
        restartDelayMs = end.restartDelay
    }
}

extension EndBody.Request {
    init(_ request: EndRequest) {
        self.init()
        action = request.action
        signal = SignalNumber.name(request.signal)
        client = request.client
        at = request.at.rfc3339
        killedAt = request.escalatedAt?.rfc3339
    }
}

extension EndBody.Failure {
    init(_ failure: StepFailure) {
        self.init()
        message = failure.message
        step = failure.step
        number = failure.number
        total = failure.total
        errno = failure.errno
    }
}

internal import Builder
internal import DockerAPI
internal import Dockerfile
internal import Essentials
internal import OCI

extension BuildEventMessage {
    init(_ event: BuildEvent) {
        switch event {
        case .plan(let total):
            self.init(.plan)
            self.total = total
        case .stepStarted(let label):
            self.init(.stepStarted)
            stepID = label.id
            name = label.name
            stage = label.stage
            index = label.index
            total = label.total
        case .stepCached(let id, let image, let origin):
            self.init(.stepCached)
            stepID = id
            digest = image
            text = origin.map { "imported from \($0)" }
        case .workStarted(let id, let name):
            self.init(.stepStarted)
            stepID = id
            self.name = name
        case .workEnded(let id, let milliseconds, let failure):
            self.init(failure == nil ? .stepFinished : .stepFailed)
            stepID = id
            durationMs = milliseconds
            error = failure.map(Failure.init(message:))
        case .stepFinished(let id, let milliseconds, let image):
            self.init(.stepFinished)
            stepID = id
            durationMs = milliseconds
            digest = image
        case .explanation(let id, let cause):
            self.init(.explanation)
            stepID = id
            text = cause.text
            self.cause = Cause(kind: cause.kind, name: cause.name, old: cause.old, new: cause.new)
        case .output(let id, let stream, let bytes):
            self.init(.output)
            stepID = id
            self.stream = stream.rawValue
            text = String(decoding: bytes, as: UTF8.self)
        case .progress(let id, let text, let current, let total):
            self.init(.progress)
            stepID = id
            self.text = text
            self.current = current
            totalBytes = total
        case .stepFailed(let id, let milliseconds, let failure):
            self.init(.stepFailed)
            stepID = id
            durationMs = milliseconds
            error = Failure(failure)
        case .warning(let text):
            self.init(.warning)
            self.text = text
        case .report(let text):
            self.init(.report)
            self.text = text
        case .entrance(let image, let kept):
            self.init(.entrance)
            digest = image.description
            mounts = kept.words
            holder = kept.holder
        case .layers(let digest):
            self.init(.layers)
            self.digest = digest.description
        case .imageWritten(let id, let milliseconds):
            self.init(.finished)
            digest = id.description
            durationMs = milliseconds
        case .recorded(let id):
            self.init(.recorded)
            digest = id
        case .exported(let made):
            self.init(.exported)
            var export = Export(number: made.number, id: made.resultID)
            export.descriptor = made.descriptor.map(DescriptorBody.init)
            export.configDigest = made.configDigest?.description
            self.export = export
        case .tagged(let name):
            self.init(.tagged)
            tag = name
        }
    }

    init(failure: any Error) {
        self.init(.failed)
        error = (failure as? BuildFailure).map(Failure.init) ?? Failure(message: ErrorMapping.message(failure))
        if let hint = (failure as? GantryError)?.hint { error?.hint = hint }
    }
}

extension BuildEventMessage.Failure {
    init(_ failure: BuildFailure) {
        self.init(message: ErrorMapping.message(failure.error))
        line = failure.range?.first
        excerpt = failure.excerpt.isEmpty ? nil : failure.excerpt
        hint = failure.error.hint
        exitCode = failure.exitCode.map(Int.init)
    }
}

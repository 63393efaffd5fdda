import DockerAPI
import Essentials

/// The answer to `--explain`: for every step whether it was taken from the cache and, if not, why.
struct BuildExplanation {
    var steps: [BuildProgress.Step]
    var imageID: String?

    /// One paragraph per step.
    var text: String {
        var text = ""
        for step in steps {
            text += "\(step.name)\n"
            switch step.state {
            case .cached: text += "  from the cache\(step.origin.map { ", \($0)" } ?? "")\n"
            case .failed: text += "  failed after \(seconds(step))s\n"
            case .done where step.reasons.isEmpty: text += "  done in \(seconds(step))s\n"
            case .done: text += "  rebuilt in \(seconds(step))s\n"
            case .running: text += "  not finished\n"
            }
            for reason in step.reasons { text += "  because: \(reason)\n" }
        }
        return text
    }

    /// One object: `{"steps":[{"name":…,"state":"cached|done|failed|running","seconds":0.3,"reasons":[…],
    /// "causes":[{"kind":"file","name":"main.c","old":…,"new":…}]}],"image":"sha256:…"}`.
    func json() throws -> String {
        let steps = steps.map { step in
            JSONValue.object([
                "name": .string(step.name), "state": .string(Self.word(step.state)),
                "seconds": .number(((step.duration ?? 0) * 1000).rounded() / 1000),
                "origin": step.origin.map(JSONValue.string) ?? .null, "reasons": .array(step.reasons.map(JSONValue.string)),
                "causes": .array(step.causes.map(Self.cause)),
            ])
        }
        let value = JSONValue.object(["steps": .array(steps), "image": imageID.map(JSONValue.string) ?? .null])
        return try JSONText.pretty(value) + "\n"
    }

    private static func cause(_ cause: BuildEventMessage.Cause) -> JSONValue {
        .object([
            "kind": .string(cause.kind), "name": .string(cause.name), "old": cause.old.map(JSONValue.string) ?? .null,
            "new": cause.new.map(JSONValue.string) ?? .null,
        ])
    }

    private func seconds(_ step: BuildProgress.Step) -> String { BuildProgress.seconds(step.duration ?? 0) }

    private static func word(_ state: BuildProgress.Step.State) -> String {
        switch state {
        case .running: "running"
        case .done: "done"
        case .cached: "cached"
        case .failed: "failed"
        }
    }
}

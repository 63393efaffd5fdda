internal import Essentials
internal import OCI

/// A build's events as the text of Docker's classic builder: `Step 1/3 : FROM x`, ` ---> 72b337a78653`.
///
/// Steps of stages that run at the same time are put in order: what a later step says waits until the earlier ones are done.
package struct ClassicBuildTranscript: Sendable {
    private struct Step: Sendable {
        var texts: [String] = []
        var isDone = false
    }

    private var steps: [Int: Step] = [:]
    private var labels: [Int: BuildStepLabel] = [:]
    /// Steps whose process has been announced.
    private var running: Set<Int> = []
    private var current = 1
    private var total = 0
    /// The result line of the last step, which shows the image's id once that is known.
    private var lastWaits = false

    package init() {}

    /// The texts that an event makes ready, each a `stream` message of its own, newlines included.
    package mutating func lines(_ event: BuildEvent) -> [String] {
        switch event {
        case .plan(let total):
            // Said again when the build begins anew.
            self = ClassicBuildTranscript()
            self.total = total
        case .stepStarted(let label):
            labels[label.id] = label
            say(label.id, "Step \(label.index)/\(label.total) : \(label.name)")
            say(label.id, "\n")
        case .stepCached(let id, let image, _):
            say(id, " ---> Using cache\n")
            finish(id, image)
        case .stepFinished(let id, _, let image):
            if labels[id]?.keyword == "RUN" { say(id, " ---> Removed intermediate container \(container(id))\n") }
            finish(id, image)
        case .explanation(let id, _):
            // The cache had nothing: a RUN starts its process now.
            if labels[id]?.keyword == "RUN", running.insert(id).inserted { say(id, " ---> Running in \(container(id))\n") }
        case .warning, .report, .layers, .entrance, .workStarted, .workEnded, .recorded, .exported: break
        case .output(let id, let stream, let bytes):
            let text = String(decoding: bytes, as: UTF8.self)
            say(id, stream == .standardError ? "\u{1B}[91m\(text)\u{1B}[0m" : text)
        case .progress: break
        case .stepFailed(let id, _, _): steps[id, default: Step()].isDone = true
        case .imageWritten(let digest, _): return flush() + written(digest)
        case .tagged(let name): return ["Successfully tagged \(name)\n"]
        }
        return flush()
    }

    /// What was held back, for when the build has failed.
    package mutating func rest() -> [String] {
        var result: [String] = []
        for id in steps.keys.sorted() where id >= current { result += steps[id]?.texts ?? [] }
        steps = [:]
        return result
    }

    private mutating func say(_ id: Int, _ text: String) { steps[id, default: Step()].texts.append(text) }

    /// Twelve digits that stand for the container of a step.
    private func container(_ id: Int) -> String {
        let text = "\(labels[id]?.name ?? "")\(id)"
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String((String(repeating: "0", count: 16 - digits.count) + digits).suffix(12))
    }

    private mutating func finish(_ id: Int, _ image: String?) {
        if id == total { lastWaits = true } else { say(id, " ---> \(image.map(Identifier.short) ?? "")\n") }
        steps[id, default: Step()].isDone = true
    }

    private mutating func written(_ digest: Digest) -> [String] {
        let result = lastWaits ? [" ---> \(digest.short)\n"] : []
        lastWaits = false
        return result + ["Successfully built \(digest.short)\n"]
    }

    private mutating func flush() -> [String] {
        var result: [String] = []
        while let step = steps[current] {
            result += step.texts
            steps[current]?.texts = []
            guard step.isDone else { break }
            steps[current] = nil
            current += 1
        }
        return result
    }
}

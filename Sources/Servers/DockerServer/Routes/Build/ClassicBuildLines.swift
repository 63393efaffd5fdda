internal import Builder
internal import Essentials
internal import Synchronization

/// A build's events as the text of Docker's classic builder, one step after the other: what a later step says while an earlier
/// one runs waits for its turn.
final class ClassicBuildLines: Sendable {
    private struct State {
        /// The step whose text goes out, from 1.
        var turn = 1
        var waiting: [Int: [String]] = [:]
        var ended: Set<Int> = []
    }

    private let state = Mutex(State())

    /// The lines that can go out now.
    func lines(for event: BuildEvent) -> [String] {
        state.withLock { state in
            switch event {
            case .stepStarted(let label):
                state.waiting[label.id, default: []] += ["Step \(label.index)/\(label.total) : \(label.name)", "\n"]
            case .stepCached(let id, let image):
                state.waiting[id, default: []].append(" ---> Using cache\n")
                Self.end(id, image, &state)
            case .stepFinished(let id, _, let image): Self.end(id, image, &state)
            case .output(let id, let stream, let bytes):
                let text = String(decoding: bytes, as: UTF8.self)
                state.waiting[id, default: []].append(stream == .standardError ? "\u{1B}[91m\(text)\u{1B}[0m" : text)
            case .stepFailed(let id, _, _): return Self.flush(&state) + (state.waiting.removeValue(forKey: id) ?? [])
            case .warning(let text): return ["[Warning] \(text)\n"]
            case .plan, .explanation, .progress, .imageWritten, .tagged: break
            }
            return Self.flush(&state)
        }
    }

    private static func end(_ id: Int, _ image: String?, _ state: inout State) {
        if let image { state.waiting[id, default: []].append(" ---> \(Identifier.short(image))\n") }
        state.ended.insert(id)
    }

    private static func flush(_ state: inout State) -> [String] {
        var lines: [String] = []
        while true {
            lines += state.waiting.removeValue(forKey: state.turn) ?? []
            guard state.ended.remove(state.turn) != nil else { return lines }
            state.turn += 1
        }
    }
}

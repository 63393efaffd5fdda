/// The plain form of a build's progress: every line begins with its step's number, and steps are set apart by an empty line.
///
///     #5 [2/3] RUN make
///     #5 rebuilt because: main.c changed
///     #5 0.123 cc main.c
///     #5 DONE 0.3s
struct PlainBuildLog {
    private var current: Int?
    private var open: Set<Int> = []

    init() {}

    /// The first line of a step.
    mutating func begin(_ step: BuildProgress.Step) -> String {
        open.insert(step.number)
        return turn(to: step.number) + "#\(step.number) \(step.name)\n"
    }

    mutating func reason(_ step: BuildProgress.Step, _ reason: String) -> String {
        turn(to: step.number) + "#\(step.number) rebuilt because: \(reason)\n"
    }

    mutating func note(_ step: BuildProgress.Step, _ note: String) -> String {
        turn(to: step.number) + "#\(step.number) \(note)\n"
    }

    mutating func output(_ step: BuildProgress.Step, _ lines: [BuildProgress.OutputLine]) -> String {
        guard !lines.isEmpty else { return "" }
        return turn(to: step.number) + lines.map { "#\(step.number) \($0.timed)\n" }.joined()
    }

    /// The last line of a step.
    mutating func end(_ step: BuildProgress.Step) -> String {
        open.remove(step.number)
        let start = turn(to: step.number) + "#\(step.number) "
        current = step.number
        switch step.state {
        case .running: return start + "...\n"
        case .done: return start + "DONE \(BuildProgress.seconds(step.duration ?? 0))s\n"
        case .cached: return start + "CACHED\n"
        case .failed(let message): return start + "ERROR: \(message)\n"
        }
    }

    /// What is printed before a line of step `number` when the line above belongs to another one.
    private mutating func turn(to number: Int) -> String {
        defer { current = number }
        guard let current, current != number else { return "" }
        return open.contains(current) ? "#\(current) ...\n\n" : "\n"
    }
}

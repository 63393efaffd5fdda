import DockerAPI
import Essentials

/// What a build has told so far: its steps in order of appearance, with their output, times and reasons. Pure state; the plain
/// and the live view are made from it.
struct BuildProgress {
    /// One step of the build.
    struct Step: Equatable {
        enum State: Equatable {
            case running
            case done
            case cached
            case failed(String)
        }

        /// The number shown as `#5`, from 1 in order of appearance.
        var number: Int
        /// `[2/4] RUN make`.
        var name: String
        var state = State.running
        /// Seconds since the build began.
        var startedAt: Double
        /// Seconds that the step took; nil while it runs.
        var duration: Double?
        /// `imported from registry registry.example/app:cache`, for a result that was made elsewhere.
        var origin: String?
        /// Why it could not be taken from the cache.
        var reasons: [String] = []
        /// The same for programs.
        var causes: [BuildEventMessage.Cause] = []
        /// The last complete lines of output with their time since the step's start.
        var output: [OutputLine] = []
        /// Output after the last line end.
        var unfinished = ""
        /// Small works inside the step, such as `exporting layers`.
        var notes: [Note] = []
    }

    /// A small work inside a step, with its bytes where it counts them.
    struct Note: Equatable {
        var text: String
        var current: Int64 = 0
        /// 0 when not known.
        var total: Int64 = 0

        var isComplete: Bool { total > 0 && current >= total }

        /// `transferring context: 1.2MB/3.4MB`.
        var line: String {
            if total > 0 { return "\(text) \(ByteSize.decimal(current))/\(ByteSize.decimal(total))" }
            return current > 0 ? "\(text) \(ByteSize.decimal(current))" : text
        }
    }

    struct OutputLine: Equatable {
        /// Seconds since the step's start.
        var time: Double
        var text: String

        /// `0.132 text`.
        var timed: String { "\(BuildProgress.seconds(time, digits: 3)) \(text)" }
    }

    /// Output lines kept of a step, for the report of its failure.
    static let outputKept = 200
    /// Bytes after which a line counts as ended.
    static let longestLine = 16_384

    private(set) var steps: [Step] = []
    private var indexByID: [Int: Int] = [:]
    private var lastNumber = 0
    /// Steps that the build will have, when it has said so.
    var expectedSteps: Int?

    init() {}

    /// Where the step with the builder's id `id` stands in ``steps``.
    func index(of id: Int) -> Int? { indexByID[id] }

    /// Adds a step, or names a known one anew.
    mutating func begin(_ id: Int, name: String, at now: Double) {
        if let index = indexByID[id] {
            steps[index].name = name
            return
        }
        indexByID[id] = steps.count
        lastNumber += 1
        steps.append(Step(number: lastNumber, name: name, startedAt: now))
    }

    /// Forgets the steps of the Dockerfile, whose ids are from 0; what was done beside them stays.
    mutating func forgetSteps() {
        let kept = indexByID.filter { $0.key < 0 }.sorted { $0.value < $1.value }
        steps = kept.map { steps[$0.value] }
        indexByID = Dictionary(uniqueKeysWithValues: kept.enumerated().map { ($1.key, $0) })
    }

    mutating func setOrigin(_ id: Int, _ origin: String) {
        if let index = indexByID[id] { steps[index].origin = origin }
    }

    mutating func addReason(_ id: Int, _ reason: String) {
        guard let index = indexByID[id], !steps[index].reasons.contains(reason) else { return }
        steps[index].reasons.append(reason)
    }

    mutating func addCause(_ id: Int, _ cause: BuildEventMessage.Cause) {
        if let index = indexByID[id] { steps[index].causes.append(cause) }
    }

    /// Adds a small work or replaces what is known of it.
    /// - Returns: true when it is new or has just become complete.
    mutating func setNote(_ id: Int, _ note: Note) -> Bool {
        guard let index = indexByID[id] else { return false }
        guard let known = steps[index].notes.firstIndex(where: { $0.text == note.text }) else {
            steps[index].notes.append(note)
            return true
        }
        defer { steps[index].notes[known] = note }
        return note.isComplete && !steps[index].notes[known].isComplete
    }

    /// Takes in a piece of output that may end anywhere.
    /// - Returns: the lines completed by it.
    mutating func addOutput(_ id: Int, _ text: String, at now: Double) -> [OutputLine] {
        guard let index = indexByID[id] else { return [] }
        var parts = (steps[index].unfinished + text).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        // In Swift "\r\n" is one character, which the split above does not see.
        parts = parts.flatMap { $0.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init) }
        // A line that never ends is cut, so that it does not grow without limit.
        steps[index].unfinished = ""
        if let last = parts.last, last.utf8.count < Self.longestLine {
            parts.removeLast()
            steps[index].unfinished = last
        }
        return keep(parts, index: index, at: now)
    }

    /// Ends a step; output without a line end counts as a line.
    /// - Returns: that last line, if there was one.
    mutating func end(_ id: Int, _ state: Step.State, duration: Double?, at now: Double) -> [OutputLine] {
        guard let index = indexByID[id] else { return [] }
        var last: [OutputLine] = []
        if !steps[index].unfinished.isEmpty {
            last = keep([steps[index].unfinished], index: index, at: now)
            steps[index].unfinished = ""
        }
        steps[index].state = state
        steps[index].duration = duration ?? (state == .cached ? 0 : max(0, now - steps[index].startedAt))
        return last
    }

    private mutating func keep(_ lines: [String], index: Int, at now: Double) -> [OutputLine] {
        let time = max(0, now - steps[index].startedAt)
        let added = lines.map { OutputLine(time: time, text: Self.visible($0)) }
        steps[index].output += added
        let surplus = steps[index].output.count - Self.outputKept
        if surplus > 0 { steps[index].output.removeFirst(surplus) }
        return added
    }

    /// What remains on the screen of a line in which carriage returns overwrote earlier text.
    static func visible(_ line: String) -> String {
        var line = line[...]
        while line.last == "\r" { line = line.dropLast() }
        guard let carriage = line.lastIndex(of: "\r") else { return String(line) }
        return String(line[line.index(after: carriage)...])
    }

    /// `1.2` of 1.23 seconds.
    static func seconds(_ value: Double, digits: Int = 1) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = Int((max(0, value) * scale).rounded())
        let fraction = String(scaled % Int(scale))
        return "\(scaled / Int(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
    }
}

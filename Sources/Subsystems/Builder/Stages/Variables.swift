/// Environment variables in the order in which they were first set.
struct Variables: Sendable, Equatable {
    struct Entry: Sendable, Equatable {
        var name: String
        var value: String
        /// Set by ARG: not part of the image.
        var isArgument: Bool
    }

    private(set) var entries: [Entry] = []

    init() {}

    /// From `NAME=value` texts.
    init(environment: [String]) {
        for text in environment {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            set(parts[0], parts.count > 1 ? parts[1] : "")
        }
    }

    subscript(name: String) -> String? { entries.last { $0.name == name }?.value }

    mutating func set(_ name: String, _ value: String, isArgument: Bool = false) {
        let entry = Entry(name: name, value: value, isArgument: isArgument)
        if let index = entries.firstIndex(where: { $0.name == name }) { entries[index] = entry } else { entries.append(entry) }
    }

    /// `NAME=value` texts.
    var texts: [String] { entries.map { "\($0.name)=\($0.value)" } }
}

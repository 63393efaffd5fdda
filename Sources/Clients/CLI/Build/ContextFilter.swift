import Dockerfile

/// Applies an ignore file to the paths of a context.
struct ContextFilter: Sendable {
    var ignore: IgnoreFile
    /// Paths that are sent whatever the ignore file says: the daemon reads them, and applies the rules itself when it copies.
    var always: Set<String> = []

    func decide(_ path: [UInt8], isDirectory: Bool) -> ContextPacker.Decision {
        guard !ignore.isEmpty else { return .include }
        let text = String(decoding: path, as: UTF8.self)
        if !ignore.ignores(text) || always.contains(text) { return .include }
        guard isDirectory else { return .skip }
        if ignore.mayInclude(below: text) { return .descend }
        return always.contains { $0.hasPrefix(text + "/") } ? .descend : .skip
    }
}

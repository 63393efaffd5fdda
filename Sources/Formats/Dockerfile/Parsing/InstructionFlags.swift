/// The flags before an instruction's arguments, checked against what the instruction knows.
struct InstructionFlags {
    private var values: [String: [String?]] = [:]
    private let range: SourceRange

    private static let known: [String: [String]] = [
        "FROM": ["platform"],
        "RUN": ["mount", "network", "security", "device"],
        "COPY": ["from", "chown", "chmod", "link", "parents", "exclude"],
        "ADD": ["chown", "chmod", "link", "exclude", "checksum", "keep-git-dir", "unpack"],
        "HEALTHCHECK": ["interval", "timeout", "start-period", "start-interval", "retries"],
    ]
    private static let repeatable: Set<String> = ["mount", "exclude", "device"]

    init(_ words: [String], of keyword: String, range: SourceRange) throws(DockerfileError) {
        self.range = range
        let known = Self.known[keyword] ?? []
        for word in words {
            let body = word.dropFirst(2)
            let name = String(body.prefix { $0 != "=" })
            let value = body.firstIndex(of: "=").map { String(body[body.index(after: $0)...]) }
            guard known.contains(name) else {
                throw DockerfileError("unknown flag: \(name)\(Suggestion.text(name, among: known))", range)
            }
            if values[name] != nil, !Self.repeatable.contains(name) {
                throw DockerfileError("duplicate flag specified: \(name)", range)
            }
            values[name, default: []].append(value)
        }
    }

    /// The value of a flag that needs one; nil when the flag is absent.
    func text(_ name: String) throws(DockerfileError) -> String? {
        guard let given = values[name]?.first else { return nil }
        guard let value = given else { throw DockerfileError("missing a value on flag: \(name)", range) }
        return value
    }

    func all(_ name: String) -> [String] { (values[name] ?? []).compactMap { $0 } }

    /// `--link`, `--link=true`, `--link=false`; nil when absent.
    func flag(_ name: String) throws(DockerfileError) -> Bool? {
        guard let given = values[name]?.first else { return nil }
        switch given?.lowercased() {
        case nil, "true": return true
        case "false": return false
        default: throw DockerfileError("expecting boolean value for flag \(name), not: \(given ?? "")", range)
        }
    }

    /// A duration of at least a millisecond, or zero; nil when absent.
    func duration(_ name: String) throws(DockerfileError) -> Int64? {
        guard let text = try text(name) else { return nil }
        let nanoseconds: Int64
        do throws(DurationText.ParseError) { nanoseconds = try DurationText.parse(text) } catch {
            throw DockerfileError(error.message, range)
        }
        guard nanoseconds >= 0 else { throw DockerfileError("interval \"--\(name)=\(text)\" cannot be negative", range) }
        guard nanoseconds == 0 || nanoseconds >= 1_000_000 else {
            throw DockerfileError("interval \"\(name)\" cannot be less than 1ms", range)
        }
        return nanoseconds
    }
}
